/**
 * Which records have a token: in memory, in typed arrays. A record is written after its candidates are read. The tables of tokens grow one at a time, each at
 * another fill: no record waits until all tokens have moved.
 */

export interface Limits {
  /** Comparisons that one record may cost. */
  readonly budget: number
  /** Records that may share a token before it is skipped: it then distinguishes no one. */
  readonly hub: number
}

/** A budget of 16 finds as much as one of 128 when the rarest tokens come first. */
export const DEFAULT_LIMITS: Limits = { budget: 16, hub: 100 }

export interface Candidates {
  readonly records: readonly number[]
  /** Tokens that were skipped because too many records share them. */
  readonly hubs: number
  /** The budget ended before the tokens did: some candidates were not compared. */
  readonly overBudget: boolean
}

export interface TokenIndex {
  /**
   * @param itself a record that was added with these very tokens: it is no candidate, and not one of those that share them
   * @returns records that share a token, those of the rarest tokens first
   */
  candidates(tokens: Int32Array, limits: Limits, itself?: number): Candidates
  /**
   * @param record numbers rise from 0; one that was removed may be added again
   * @param hub records that may share a token
   * @returns all records of the tokens that are shared by more since this one came: none without a hub
   */
  add(record: number, tokens: Int32Array, hub?: number): readonly number[]
  /**
   * @param tokens with which the record was added
   * @param hub records that may share a token
   * @returns all other records of the tokens that are shared by no more than that since this one went: none without a hub
   */
  remove(record: number, tokens: Int32Array, hub?: number): readonly number[]
}

const TABLES = 1024
const TABLE_BITS = 10
const FIRST_SLOTS = 16
const LEAST_FULL = 0.5
const MOST_FULL = 0.85
const NONE = -1
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

/** @param kinds tokens of a record, two words each */
export function tokenIndex(kinds: number): TokenIndex {
  const tables = Array.from({ length: TABLES }, (): Table => {
    return { words: new Int32Array(SLOT * FIRST_SLOTS), slots: FIRST_SLOTS, used: 0 }
  })
  const fullAt = (table: number) => LEAST_FULL + ((MOST_FULL - LEAST_FULL) * table) / TABLES
  // For each token of a record, `record * kinds + kind`: those of the token that were added before and after it.
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

  interface Found {
    readonly count: number
    readonly last: number
  }

  function found(tokens: Int32Array, hub: number, own: number): { readonly shared: Found[]; readonly hubs: number } {
    const shared: Found[] = []
    let hubs = 0
    for (let word = 0; word < tokens.length; word += 2) {
      const low = tokens[word] as number
      const high = tokens[word + 1] as number
      if (low === 0 && high === 0) continue
      const table = tables[high >>> (32 - TABLE_BITS)] as Table
      const at = placeOf(table, low, high)
      const count = (table.words[at + COUNT] as number) - own
      if (count > hub) hubs++
      else if (count > 0) {
        // Equally rare tokens in the order of their kinds.
        let place = shared.length
        while (place > 0 && (shared[place - 1] as Found).count > count) place--
        shared.splice(place, 0, { count, last: table.words[at + LAST] as number })
      }
    }
    return { shared, hubs }
  }

  function recordsFrom(last: number, records: number[]): void {
    for (let entry = last; entry !== NONE; entry = neighbours[2 * entry] as number)
      records.push(Math.floor(entry / kinds))
  }

  return {
    candidates(tokens, { budget, hub }, itself) {
      query++
      const { shared, hubs } = found(tokens, hub, itself === undefined ? 0 : 1)
      if (itself !== undefined) seen[itself] = query
      const records: number[] = []
      let overBudget = false
      for (const { last } of shared) {
        const before = records.length
        for (let entry = last; entry !== NONE; entry = neighbours[2 * entry] as number) {
          const record = Math.floor(entry / kinds)
          if (seen[record] === query) continue
          seen[record] = query
          records.push(record)
        }
        // A token counts whole or not at all, so that the order of arrival of its records does not matter; the rarest always counts.
        if (before > 0 && records.length > budget) {
          for (const record of records.splice(before)) seen[record] = 0
          overBudget = true
        }
      }
      return { records, hubs, overBudget }
    },
    add(record, tokens, hub = Number.POSITIVE_INFINITY) {
      growRecords(record)
      const limited: number[] = []
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
        const before = table.words[at + LAST] as number
        neighbours[2 * entry] = before
        neighbours[2 * entry + 1] = NONE
        if (before !== NONE) neighbours[2 * before + 1] = entry
        table.words[at + LAST] = entry
        const count = (table.words[at + COUNT] as number) + 1
        table.words[at + COUNT] = count
        if (count === hub + 1) recordsFrom(entry, limited)
      }
      return limited
    },
    remove(record, tokens, hub = Number.POSITIVE_INFINITY) {
      const limited: number[] = []
      for (let word = 0; word < tokens.length; word += 2) {
        const low = tokens[word] as number
        const high = tokens[word + 1] as number
        if (low === 0 && high === 0) continue
        const table = tables[high >>> (32 - TABLE_BITS)] as Table
        const { words } = table
        // The token keeps its slot: others were placed behind it.
        const at = placeOf(table, low, high)
        const entry = record * kinds + word / 2
        const [before, after] = [neighbours[2 * entry] as number, neighbours[2 * entry + 1] as number]
        if (before !== NONE) neighbours[2 * before + 1] = after
        if (after === NONE) words[at + LAST] = before
        else neighbours[2 * after] = before
        const count = (words[at + COUNT] as number) - 1
        words[at + COUNT] = count
        if (count === hub) recordsFrom(words[at + LAST] as number, limited)
      }
      return limited
    },
  }
}
