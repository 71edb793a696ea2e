/**
 * The records of tokens that more have than the limit, by producers. Of a producer within the limit they are in order, and the first ones use the token: so many as
 * its share (producer-shares.ts). Of a producer above it they are only chained, so that a record more or less costs the same however many there are.
 */
import { shareOf } from './producer-shares.ts'

/** What the index says about records that it has. */
export interface Members {
  /** Names who has sent the record. */
  readonly producerOf: (record: number) => number
  /** @returns which of two records comes first among those of one producer; 0 of no two. It depends on no order of arrival, and no producer can choose it. */
  readonly compare: (record: number, other: number) => number
}

/** The records of a token as the index chains them, by the last one of the chain. */
export interface Chaining {
  /** @returns the last one of the chain then */
  readonly join: (entry: number, last: number) => number
  /** @returns the last one of the chain then */
  readonly leave: (entry: number, last: number) => number
  readonly recordsFrom: (last: number) => Iterable<number>
}

interface Chain {
  count: number
  last: number
  /** Undefined: above the limit. */
  ordered: number[] | undefined
}

/** The records of one token. */
export interface Crowd {
  readonly chains: Map<number, Chain>
  /** Records of each producer that use it, at most. */
  share: number
}

/** @param none in the place of the last record of an empty chain */
export function crowds(limit: number, members: Members, { join, leave, recordsFrom }: Chaining, none: number) {
  function shareIn({ chains }: Crowd): number {
    const counts: number[] = []
    let sum = 0
    for (const { count, ordered } of chains.values())
      if (ordered) {
        counts.push(count)
        sum += count
      }
    // As `shareOf` says it, without an order.
    return sum <= limit ? limit : shareOf(counts, limit)
  }

  /** @returns where the record is in the order, or is to be */
  function placeIn(ordered: readonly number[], record: number): number {
    let [from, to] = [0, ordered.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (members.compare(ordered[middle] as number, record) < 0) from = middle + 1
      else to = middle
    }
    return from
  }

  /** @param itself the chain that has changed @returns records of the others that use the token with one share and not with the other */
  function ofOthers({ chains }: Crowd, itself: Chain, one: number, other: number): readonly number[] {
    if (one === other) return NOBODY
    return [...chains.values()].flatMap((chain) => (chain === itself ? [] : between(chain.ordered ?? [], one, other)))
  }

  return {
    create: (): Crowd => ({ chains: new Map(), share: limit }),

    /** @returns other records that begin or cease to use the token */
    add(crowd: Crowd, record: number, entry: number): readonly number[] {
      const producer = members.producerOf(record)
      let chain = crowd.chains.get(producer)
      if (!chain) {
        chain = { count: 0, last: none, ordered: [] }
        crowd.chains.set(producer, chain)
      }
      const had = chain.count
      chain.last = join(entry, chain.last)
      chain.count++
      const others = chain.ordered
      // Above the limit a producer has no say.
      if (!others) return []
      const before = crowd.share
      if (chain.count > limit) {
        chain.ordered = undefined
        crowd.share = shareIn(crowd)
        return [...others.slice(0, before), ...ofOthers(crowd, chain, before, crowd.share)]
      }
      // One that has more than its share takes nothing from the others by one more.
      if (had <= before) crowd.share = shareIn(crowd)
      const place = placeIn(others, record)
      const after = crowd.share - (place < crowd.share ? 1 : 0)
      const own = between(others, before, after)
      others.splice(place, 0, record)
      return joined(own, ofOthers(crowd, chain, before, crowd.share))
    },

    /** @returns other records that begin or cease to use the token */
    remove(crowd: Crowd, record: number, entry: number): readonly number[] {
      const producer = members.producerOf(record)
      const chain = crowd.chains.get(producer) as Chain
      chain.last = leave(entry, chain.last)
      chain.count--
      if (chain.count > limit) return []
      const before = crowd.share
      const wasAbove = chain.ordered === undefined
      const others = (chain.ordered ??= [...recordsFrom(chain.last)].toSorted(members.compare))
      const place = wasAbove ? none : others.indexOf(record)
      if (place !== none) others.splice(place, 1)
      if (chain.count === 0) crowd.chains.delete(producer)
      if (wasAbove || chain.count <= before) crowd.share = shareIn(crowd)
      const used = wasAbove ? 0 : before - (place < before ? 1 : 0)
      return joined(between(others, used, crowd.share), ofOthers(crowd, chain, before, crowd.share))
    },

    uses({ chains, share }: Crowd, record: number): boolean {
      const place = chains.get(members.producerOf(record))?.ordered?.indexOf(record) ?? none
      return place !== none && place < share
    },

    /** @returns the records that use the token */
    users({ chains, share }: Crowd): readonly number[] {
      const found: number[] = []
      if (share === 0) return found
      for (const { ordered } of chains.values())
        if (ordered) for (let at = 0; at < ordered.length && at < share; at++) found.push(ordered[at] as number)
      return found
    },
  }
}

const joined = (one: readonly number[], two: readonly number[]) =>
  two.length === 0 ? one : one.length === 0 ? two : [...one, ...two]

const NOBODY: readonly number[] = []

/** @returns what is in the first so many of one number, and not of the other */
function between(ordered: readonly number[], one: number, other: number): readonly number[] {
  return one === other ? NOBODY : ordered.slice(Math.min(one, other), Math.max(one, other))
}
