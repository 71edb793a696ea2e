/**
 * Which records have a token, and which of them use it: in memory, in typed arrays. The tables of tokens grow one at a time, each at another fill: no record
 * waits until all tokens have moved. Where more records have a token than the limit, those of each producer are in a chain of their own.
 */
import { type Crowd, crowds, type Members } from './crowds.ts'

export interface Limits {
  /** Comparisons that one record may cost. */
  readonly budget: number
  /** Records that may use a token: one of more distinguishes no one. Producers share them (producer-shares.ts). */
  readonly hub: number
}

/** A budget of 16 finds as much as one of 128 when the rarest tokens come first. */
export const DEFAULT_LIMITS: Limits = { budget: 16, hub: 100 }

export interface Candidates {
  readonly records: readonly number[]
  /** Tokens that were skipped: they are of a hub, for this record. */
  readonly hubs: number
  /** The budget ended before the tokens did: some candidates were not compared. */
  readonly overBudget: boolean
}

export interface TokenIndex {
  /**
   * @param itself a record that was added with these very tokens: it is no candidate, and meets those that use a token which it uses, too. Without it, all that use one are met
   * @returns records that use a token, those of the rarest tokens first
   */
  candidates(tokens: Int32Array, budget: number, itself?: number): Candidates
  /**
   * @param record numbers rise from 0; one that was removed may be added again
   * @returns other records that use a token which they did not use, or no longer use one, since this one came
   */
  add(record: number, tokens: Int32Array): readonly number[]
  /**
   * @param record its producer is still that with which it was added, and so are its tokens
   * @returns other records that use a token which they did not use, since this one went
   */
  remove(record: number, tokens: Int32Array): readonly number[]
}

const TABLES = 1024
const TABLE_BITS = 10
const FIRST_SLOTS = 16
const LEAST_FULL = 0.5
const MOST_FULL = 0.85
const NONE = -1
/** In the place of the record that was added last: this, less the number of the crowd. */
const CROWDED = -2
/** Words of a slot: token (low, high; both 0: free), number of its records, the last that was added. */
const SLOT = 4
const COUNT = 2
const LAST = 3

/** Open addressing, linear probing. */
interface Table {
  words: Int32Array
  slots: number
  used: number
}

const firstOf = (low: number, high: number, slots: number) => (low ^ Math.imul(high, 0x9e3779b1)) & (slots - 1)

/** @returns where the token is in the table's words, or is to be */
function placeOf({ words, slots }: Table, low: number, high: number): number {
  for (let slot = firstOf(low, high, slots); ; slot = (slot + 1) & (slots - 1)) {
    const at = SLOT * slot
    const one = words[at]
    const two = words[at + 1]
    if ((one === low && two === high) || (one === 0 && two === 0)) return at
  }
}

function grow(table: Table): void {
  const { words, slots } = table
  table.slots = 2 * slots
  table.words = new Int32Array(SLOT * table.slots)
  for (let from = 0; from < words.length; from += SLOT) {
    const low = words[from] as number
    const high = words[from + 1] as number
    if (low === 0 && high === 0) continue
    const to = placeOf(table, low, high)
    for (let word = 0; word < SLOT; word++) table.words[to + word] = words[from + word] as number
  }
}

/** @returns what is said of others than the record itself, with what was said before; mostly nothing is */
function noted(
  concerned: Set<number> | undefined,
  itself: number,
  records: readonly number[],
): Set<number> | undefined {
  if (records.length === 0) return concerned
  const all = concerned ?? new Set<number>()
  for (const record of records) if (record !== itself) all.add(record)
  return all
}

/** @param kinds tokens of a record, two words each @param hub records that may use a token */
export function tokenIndex(kinds: number, hub: number, members: Members): TokenIndex {
  const tables = Array.from({ length: TABLES }, (): Table => {
    return { words: new Int32Array(SLOT * FIRST_SLOTS), slots: FIRST_SLOTS, used: 0 }
  })
  const fullAt = (table: number) => LEAST_FULL + ((MOST_FULL - LEAST_FULL) * table) / TABLES
  // For each token of a record, `record * kinds + kind`: those of its chain that were added before and after it.
  let neighbours = new Int32Array(2 * 1024 * kinds)
  let seen = new Uint32Array(1024)
  let query = 0

  function growRecords(record: number): void {
    if (record < seen.length) return
    const size = 2 * record
    const larger = new Int32Array(2 * size * kinds)
    larger.set(neighbours)
    neighbours = larger
    const marks = new Uint32Array(size)
    marks.set(seen)
    seen = marks
  }

  const recordOf = (entry: number) => Math.floor(entry / kinds)

  /** @param last of a chain */
  function* recordsFrom(last: number): Generator<number> {
    for (let entry = last; entry !== NONE; entry = neighbours[2 * entry] as number) yield recordOf(entry)
  }

  /** @returns the last one of the chain then */
  function join(entry: number, last: number): number {
    neighbours[2 * entry] = last
    neighbours[2 * entry + 1] = NONE
    if (last !== NONE) neighbours[2 * last + 1] = entry
    return entry
  }

  /** @returns the last one of the chain then */
  function leave(entry: number, last: number): number {
    const [before, after] = [neighbours[2 * entry] as number, neighbours[2 * entry + 1] as number]
    if (before !== NONE) neighbours[2 * before + 1] = after
    if (after === NONE) return before
    neighbours[2 * after] = before
    return last
  }

  const crowded = crowds(hub, members, { join, leave, recordsFrom }, NONE)
  const made: Crowd[] = []
  const crowdAt = (last: number) => made[CROWDED - last] as Crowd

  /** @param last of the records of a token that are as many as the limit @returns the others that cease to use it, since one more came */
  function crowdOf(last: number, record: number, entry: number): readonly number[] {
    const before = [...recordsFrom(last)]
    const crowd = crowded.create()
    for (let next = last; next !== NONE; ) {
      const one = next
      next = neighbours[2 * one] as number
      crowded.add(crowd, recordOf(one), one)
    }
    crowded.add(crowd, record, entry)
    made.push(crowd)
    return before.filter((one) => !crowded.uses(crowd, one))
  }

  // What the tokens of one look-up share, the rarest first: counts, and the last one of a chain or the records that use the token of a crowd.
  const sharedCounts: number[] = []
  const shared: (number | readonly number[])[] = []

  /** Writes the shared tokens. @returns how many are of a hub */
  function find(tokens: Int32Array, itself?: number): number {
    sharedCounts.length = 0
    shared.length = 0
    const own = itself === undefined ? 0 : 1
    let hubs = 0
    for (let word = 0; word < tokens.length; word += 2) {
      const low = tokens[word] as number
      const high = tokens[word + 1] as number
      if (low === 0 && high === 0) continue
      const table = tables[high >>> (32 - TABLE_BITS)] as Table
      const at = placeOf(table, low, high)
      const total = table.words[at + COUNT] as number
      if (total === 0) continue
      const last = table.words[at + LAST] as number
      const crowd = last <= CROWDED ? crowdAt(last) : undefined
      if (crowd && itself !== undefined && !crowded.uses(crowd, itself)) {
        hubs++
        continue
      }
      const users = crowd && crowded.users(crowd)
      if (users?.length === 0) hubs++
      const count = (users?.length ?? total) - own
      if (count <= 0) continue
      // Equally rare tokens in the order of their kinds.
      let place = shared.length
      for (; place > 0 && (sharedCounts[place - 1] as number) > count; place--) {
        sharedCounts[place] = sharedCounts[place - 1] as number
        shared[place] = shared[place - 1] as number | readonly number[]
      }
      sharedCounts[place] = count
      shared[place] = users ?? last
    }
    return hubs
  }

  /** Adds a candidate. @returns whether the token is more than the budget has room for */
  function meet(record: number, records: number[], before: number, budget: number): boolean {
    if (seen[record] === query) return false
    seen[record] = query
    records.push(record)
    return before > 0 && records.length > budget
  }

  return {
    candidates(tokens, budget, itself) {
      query++
      const hubs = find(tokens, itself)
      if (itself !== undefined) seen[itself] = query
      const records: number[] = []
      let overBudget = false
      // No iterator: this is where a linker is most of its time, and makes most of its garbage.
      for (let one = 0; one < shared.length; one++) {
        const those = shared[one] as number | readonly number[]
        const before = records.length
        let isOver = false
        if (typeof those === 'number')
          for (let entry = those; entry !== NONE && !isOver; entry = neighbours[2 * entry] as number)
            isOver = meet(recordOf(entry), records, before, budget)
        else
          for (let at = 0; at < those.length && !isOver; at++)
            isOver = meet(those[at] as number, records, before, budget)
        // A token counts whole or not at all, so that the order of arrival of its records does not matter; the rarest always counts.
        if (isOver) {
          for (let at = before; at < records.length; at++) seen[records[at] as number] = 0
          records.length = before
          overBudget = true
        }
      }
      return { records, hubs, overBudget }
    },
    add(record, tokens) {
      growRecords(record)
      let concerned: Set<number> | undefined
      for (let word = 0; word < tokens.length; word += 2) {
        const low = tokens[word] as number
        const high = tokens[word + 1] as number
        if (low === 0 && high === 0) continue
        const number = high >>> (32 - TABLE_BITS)
        const table = tables[number] as Table
        let at = placeOf(table, low, high)
        if (table.words[at] === 0 && table.words[at + 1] === 0) {
          if (table.used >= table.slots * fullAt(number)) {
            grow(table)
            at = placeOf(table, low, high)
          }
          table.used++
          table.words[at] = low
          table.words[at + 1] = high
          table.words[at + LAST] = NONE
        }
        const entry = record * kinds + word / 2
        const last = table.words[at + LAST] as number
        const count = (table.words[at + COUNT] as number) + 1
        table.words[at + COUNT] = count
        if (last <= CROWDED) concerned = noted(concerned, record, crowded.add(crowdAt(last), record, entry))
        else if (count <= hub) table.words[at + LAST] = join(entry, last)
        else {
          table.words[at + LAST] = CROWDED - made.length
          concerned = noted(concerned, record, crowdOf(last, record, entry))
        }
      }
      return concerned ? [...concerned] : []
    },
    remove(record, tokens) {
      let concerned: Set<number> | undefined
      for (let word = 0; word < tokens.length; word += 2) {
        const low = tokens[word] as number
        const high = tokens[word + 1] as number
        if (low === 0 && high === 0) continue
        const table = tables[high >>> (32 - TABLE_BITS)] as Table
        const { words } = table
        // The token keeps its slot, as others were placed behind it, and its crowd.
        const at = placeOf(table, low, high)
        const entry = record * kinds + word / 2
        const last = words[at + LAST] as number
        words[at + COUNT] = (words[at + COUNT] as number) - 1
        if (last > CROWDED) words[at + LAST] = leave(entry, last)
        else concerned = noted(concerned, record, crowded.remove(crowdAt(last), record, entry))
      }
      return concerned ? [...concerned] : []
    },
  }
}
