/**
 * The clerical sample: links of the model, drawn at random in each band of probability, for people to say which are false. The draw is the order of a keyed hash of the pair's name: a
 * later session asks the same links, a greater number adds to them, and nobody can choose.
 */
import { CLERICAL_BANDS, type ReviewPair, type ReviewQueue } from '#core/linkage/review/review-queue.ts'
import { stride } from './candidates.ts'
import type { OpenIndex } from './open-index.ts'
import { AT_ONCE, type Compared, explained, idsOf, pairNames, pairsBetween } from './review-pairs.ts'
import { gains } from './review-queue.ts'

export interface ClericalOptions {
  /** Records that are compared with their candidates. */
  readonly sample: number
  /** Links that are drawn in all bands together; 0: only their numbers and their order. */
  readonly links: number
}

type Link = Pick<Compared, 'a' | 'b' | 'probability'> & { readonly records: readonly [string, string] }

/** Of each band, names that are listed: more than anybody judges. */
const MOST_LISTED = 5000
const [{ from: LINK_FROM }] = CLERICAL_BANDS

export async function clericalSample(index: OpenIndex, { sample, links }: ClericalOptions): Promise<ReviewQueue> {
  const known = await index.reader.size()
  const sampled = stride(
    Array.from({ length: known }, (_, number) => number),
    sample,
  )
  const nameOf = pairNames(index)
  const found = new Map<string, Link>()
  for (let from = 0; from < sampled.length; from += AT_ONCE)
    for (const one of await pairsBetween(index, sampled.slice(from, from + AT_ONCE), { from: LINK_FROM, to: 1 })) {
      const pair = nameOf(one.one, one.other)
      const before = found.get(pair)
      const { a, b, probability } = one
      const next = { a, b, probability, records: idsOf(one) }
      if (!before || isStronger(next, before)) found.set(pair, next)
    }
  const drawn = (pair: string) => index.keys.id(`clerical\0${pair}`).toString('hex')
  const ordered = [...found.keys()]
    .map((pair) => ({ pair, at: drawn(pair) }))
    .toSorted((x, y) => (x.at < y.at ? -1 : 1))
  const strata = CLERICAL_BANDS.map(({ from, to }) => {
    const own = ordered.filter(({ pair }) => {
      const { probability } = found.get(pair) as Link
      return probability > from && probability <= to
    })
    return { from, to, links: own.length, order: own.slice(0, MOST_LISTED).map(({ pair }) => pair) }
  })
  const gainOf = gains(index, await index.decisions())
  const pairs: ReviewPair[] = []
  for (const pair of firstOf(
    strata.map(({ order }) => order),
    links,
  )) {
    const one = found.get(pair) as Link
    pairs.push(...(await explained(index, { pair, records: one.records, ...(await gainOf(one)) })))
  }
  return {
    ...{ format: 'chainon-link-review/2', kind: 'clerical', model: index.model.version },
    ...{ compared: sampled.length, known, in_band: found.size, strata, pairs },
  }
}

function isStronger(one: Link, before: Link): boolean {
  const isFirst = one.records.join() < before.records.join()
  return one.probability > before.probability || (one.probability === before.probability && isFirst)
}

/** One of each list in turn, so that a session that ends early has judged as many of each, as far as there are. */
export function firstOf(lists: readonly (readonly string[])[], most: number): readonly string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  const turns = Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1)))
  return turns.flat().slice(0, most)
}
