/** A session by its keys: what is asked, kept and sent, also where a decision cannot be sent, is taken back, or others judge at the same time. */
import { appendFileSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import { reviewLog } from '#core/linkage/review/review-log.ts'
import type { ReviewPair } from '#core/linkage/review/review-queue.ts'
import { isAsked, type Mode, standings } from '#core/linkage/review/standing.ts'
import { readKeys } from '../../../../services/cli/link-review/keys.ts'
import { session } from '../../../../services/cli/link-review/session.ts'

const pairs = ['a', 'b', 'c'].map(
  (digit, n): ReviewPair => ({
    ...{ pair: digit.repeat(24), changes: 3 - n, gain: 1.5 - n / 2 },
    explained: {
      ...{
        records: [`patient/p1_${digit}`, `death/p1_${digit}`],
        model: 'm',
        decided_by: 'model',
        edge: null,
        one_person: false,
      },
      ...{
        prior: -3,
        weight: -1,
        probability: 0.33,
        classes: [{ name: 'twins', one_person: false, probability: 0.6 }],
      },
      fields: [
        { trait: 'family_name', level: 'equal', weight: 2, removed: 2, frequency: 'about as frequent as the average' },
        { trait: 'phone', level: 'missing', weight: 0, removed: 0, frequency: null },
      ],
    },
  }),
)

let data: string
let sent: string[]
let text: string
let failing: number
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'chainon-review-'))
  sent = []
  text = ''
  failing = 0
})

const run = (reviewer: string, keys: string, mode: Mode = 'second', of: readonly ReviewPair[] = pairs) =>
  session({
    ...{ pairs: of, log: reviewLog(data), reviewer, mode, account: 'os:test', now: () => 1, drawn: false },
    keys: readKeys(Readable.from([keys])),
    write: (some) => {
      text += some
    },
    decide: async (decision, [one], reason, by) => {
      if (failing === 0) sent.push(`${decision} ${one} ${reason} ${by}`)
      return failing
    },
  })
const left = (reviewer: string, mode: Mode = 'second') => {
  const known = standings(reviewLog(data).read())
  return pairs.filter(({ pair }) => {
    const standing = known.get(pair)
    return standing === undefined || isAsked(standing, reviewer, mode)
  }).length
}

test('one reviewer: a key is a decision, skipped pairs are asked again, and the end of the keys is the end', async () => {
  expect(await run('anna', '?a s\nN', 'alone')).toBe(0)
  expect(sent).toEqual(['accept patient/p1_a review-alone anna', 'never patient/p1_c review-alone anna'])
  expect(text).toContain('n  never: the two are never one person')
  expect(text).toContain('[2 of 3] gain 1.00: 2 pairs of patients would change')
  expect(text).toContain('family_name')
  expect(left('anna', 'alone')).toBe(1)
  expect(await run('anna', 'xqa', 'alone')).toBe(0)
  expect(sent).toHaveLength(2)
})

test('two reviewers: nothing is sent until both agree; a third decides where they differ', async () => {
  await run('anna', 'aan')
  await run('anna', 'aaa')
  expect(sent).toEqual([])
  // Of the other's verdict nothing is shown.
  text = ''
  await run('bert', '')
  expect(text).not.toContain('anna')
  await run('bert', 'ann')
  expect(sent).toEqual([
    'accept patient/p1_a review-two-agree anna:bert',
    'never patient/p1_c review-two-agree anna:bert',
  ])
  await run('anna', 'a', 'third')
  expect(sent).toHaveLength(2)
  await run('carl', 'n', 'third')
  expect(sent.at(-1)).toBe('never patient/p1_b review-third carl')
})

test('undo takes the last verdict back, and withdraws what was sent; the pair is asked again', async () => {
  await run('anna', 'ua', 'alone')
  expect(text).toContain('Nothing to undo')
  await run('anna', 'nuas', 'alone')
  expect(sent.slice(1)).toEqual([
    'never patient/p1_b review-alone anna',
    'withdraw patient/p1_b review-undone anna',
    'accept patient/p1_b review-alone anna',
  ])
})

test('after the last pair its verdict can still be taken back, and no other key judges', async () => {
  await run('anna', 'aaaan?suun', 'alone')
  expect(text).toContain('That was the last one. u undo, q quit')
  expect(sent.slice(3)).toEqual([
    'withdraw patient/p1_c review-undone anna',
    'withdraw patient/p1_b review-undone anna',
    'never patient/p1_b review-alone anna',
  ])
})

test('a decision that could not be sent ends the session with its status, and the next session sends it', async () => {
  failing = 75
  expect(await run('anna', 'an', 'alone')).toBe(75)
  expect(await run('anna', 'n', 'alone')).toBe(75)
  failing = 0
  await run('bert', 'q')
  await run('bert', 'q')
  expect(sent).toEqual(['accept patient/p1_a review-alone anna'])
})

test('what was agreed on and is not in the queue any more is said, and not forgotten', async () => {
  failing = 75
  await run('anna', 'a', 'alone')
  failing = 0
  await run('bert', 'q', 'alone', pairs.slice(1))
  expect(text).toContain('Not sent: a decision on 1 pair that')
  await run('bert', 'q', 'alone')
  expect(sent).toHaveLength(1)
})

test('a pair that others decide while it is asked is not decided again', async () => {
  const log = reviewLog(data)
  const keys = async function* () {
    await run('bert', 'n', 'alone')
    yield 'a'
  }
  await session({
    ...{
      pairs,
      log,
      reviewer: 'anna',
      mode: 'alone' as const,
      account: 'os:test',
      now: () => 1,
      drawn: false,
      keys: keys(),
    },
    write: (some) => {
      text += some
    },
    decide: async () => expect.unreachable(),
  })
  expect(text).toContain('Decided by others meanwhile')
  expect(sent).toEqual(['never patient/p1_a review-alone bert'])
})

test('the log is for its owner alone and names no record; a line that was cut short is reported with its place', async () => {
  await run('anna', 'a')
  const file = join(data, 'link-reviews', 'verdicts.jsonl')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).not.toMatch(/p1_|p2_/)
  expect(reviewLog(data).read()).toMatchObject([{ pattern: 'family_name=equal', account: 'os:test' }])
  appendFileSync(file, '{"pair":"aa')
  await expect(run('bert', 'a')).rejects.toThrow('The verdicts of the reviewers cannot be read')
  expect(reviewLog(mkdtempSync(join(tmpdir(), 'chainon-review-'))).read()).toEqual([])
})

test('a terminal is read key by key, and is as before afterwards; Ctrl-C is the end', async () => {
  const modes: boolean[] = []
  const input = Object.assign(Readable.from(['A\r', '\u0003']), {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw),
  })
  const keys: string[] = []
  for await (const key of readKeys(input as never)) keys.push(key)
  expect(keys).toEqual(['a', 'q'])
  expect(modes).toEqual([true, false])
})
