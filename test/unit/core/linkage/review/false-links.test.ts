/** The share of false links by a clerical sample: against published intervals, by simulation, and what does not count. */
import { expect, test } from 'vitest'
import { drawnOf, falseLinks } from '#core/linkage/review/false-links.ts'
import type { Stratum } from '#core/linkage/review/review-queue.ts'
import { type Entry, standings } from '#core/linkage/review/standing.ts'

const name = (band: number, n: number) => `${band}${`${n}`.padStart(23, '0')}`
const stratum = (band: number, links: number): Stratum => ({
  ...{ from: band / 10, to: (band + 1) / 10, links },
  order: Array.from({ length: Math.min(links, 400) }, (_, n) => name(band, n)),
})
const judged = (pair: string, entry: Entry['entry'], over: Partial<Entry> = {}): Entry => ({
  ...{ pair, entry, reviewer: 'anna', mode: 'alone', pattern: '', at: 1, account: 'os:test', drawn: true },
  ...over,
})
const verdicts = (band: number, right: number, wrong: number) =>
  Array.from({ length: right + wrong }, (_, n) => judged(name(band, n), n < wrong ? 'never' : 'accept'))
const estimate = (strata: readonly Stratum[], entries: readonly Entry[]) =>
  falseLinks(strata, standings(entries), drawnOf(entries))

test('the interval of a band is that of Wilson: 0 of 10 up to 0.278, 1 of 10 from 0.018 to 0.404 (Newcombe, Stat. Med. 17, 1998)', () => {
  const none = estimate([stratum(1, 100)], verdicts(1, 10, 0))
  expect(none?.bands[0]).toMatchObject({ judged: 10, false: 0, share: 0, open: 0 })
  expect(none?.bands[0]?.interval[1]).toBeCloseTo(0.278, 3)
  const one = estimate([stratum(1, 100)], verdicts(1, 9, 1))
  expect(one?.bands[0]?.interval.map((end) => end.toFixed(3))).toEqual(['0.018', '0.404'])
  // Of one band alone, all is that band.
  for (const end of [0, 1] as const) expect(one?.all?.interval[end]).toBeCloseTo(one?.bands[0]?.interval[end] ?? 0, 12)
})

test('all together is weighted by the links of each band', () => {
  const all = estimate([stratum(1, 100), stratum(2, 900)], [...verdicts(1, 25, 25), ...verdicts(2, 50, 0)])?.all
  expect(all?.share).toBeCloseTo(0.05, 12)
  expect(all?.interval[0]).toBeGreaterThan(0.02)
  expect(all?.interval[1]).toBeLessThan(0.12)
})

test('of 200 simulated samples the interval has the true share in about 95 of 100, also where most bands have no false link', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed / 2_147_483_648
  }
  const truth = [0.1, 0.02, 0.002]
  const links = [200, 300, 4000]
  const share = truth.reduce((sum, p, at) => sum + (p * (links[at] as number)) / 4500, 0)
  const strata = links.map((count, at) => stratum(at + 1, count))
  let inside = 0
  for (let run = 0; run < 200; run++) {
    const entries = truth.flatMap((p, at) => {
      const wrong = Array.from({ length: 60 }, () => random() < p).filter(Boolean).length
      return verdicts(at + 1, 60 - wrong, wrong)
    })
    const [from, to] = estimate(strata, entries)?.all?.interval ?? [1, 0]
    if (from <= share && share <= to) inside++
  }
  expect(inside).toBeGreaterThan(182)
})

test('what was not drawn does not count, and a drawn link without a verdict is open', () => {
  const strata = [stratum(1, 100)]
  const entries = [
    judged(name(1, 0), 'accept'),
    judged(name(1, 1), 'unsure'),
    // Judged in the ordinary queue: it counts up to the last one of the sample, and not beyond.
    judged(name(1, 2), 'never', { drawn: undefined }),
    judged(name(1, 4), 'accept'),
    judged(name(1, 5), 'never', { drawn: undefined }),
  ]
  expect(estimate(strata, entries)?.bands[0]).toMatchObject({ judged: 3, false: 1, open: 2 })
  expect(estimate(strata, entries.slice(4))).toBeUndefined()
  // One of two reviewers alone.
  const waiting = [judged(name(1, 0), 'never', { mode: 'second' }), judged(name(1, 1), 'accept')]
  expect(estimate(strata, waiting)?.bands[0]).toMatchObject({ judged: 1, false: 0, open: 1 })
  // A band with links of which nothing is judged leaves all together open.
  expect(estimate([...strata, stratum(2, 50)], entries)?.all).toBeNull()
})
