/** Which records have a token: in memory, in typed arrays. A record is written after its candidates are read. */

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
  /** @returns records that share a token, those of the rarest tokens first */
  candidates(tokens: Int32Array, limits: Limits): Candidates
  /**
   * @param record numbers rise from 0
   * @param hub records that may share a token
   * @returns all records of the tokens that are shared by more since this one came: none without a hub
   */
  add(record: number, tokens: Int32Array, hub?: number): readonly number[]
}

const FIRST_SLOTS = 1 << 14
const FULL = 0.7
const NONE = -1

/** @param kinds tokens of a record, two words each */
export function tokenIndex(kinds: number): TokenIndex {
  // An open-addressed table of tokens (low, high), each with the number of its records and the first of them.
  let slots = FIRST_SLOTS
  let used = 0
  let lows = new Int32Array(slots)
  let highs = new Int32Array(slots)
  let counts = new Uint32Array(slots)
  let heads = new Int32Array(slots)
  // The record that has the token before this one: `record * kinds + kind`.
  let next = new Int32Array(1024 * kinds)
  let seen = new Uint32Array(1024)
  let query = 0

  function slotOf(low: number, high: number): number {
    const mask = slots - 1
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask
    while (counts[slot] !== 0 && (lows[slot] !== low || highs[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  function growTable(): void {
    const old = { slots, lows, highs, counts, heads }
    slots *= 2
    lows = new Int32Array(slots)
    highs = new Int32Array(slots)
    counts = new Uint32Array(slots)
    heads = new Int32Array(slots)
    for (let from = 0; from < old.slots; from++) {
      if (old.counts[from] === 0) continue
      const to = slotOf(old.lows[from] as number, old.highs[from] as number)
      lows[to] = old.lows[from] as number
      highs[to] = old.highs[from] as number
      counts[to] = old.counts[from] as number
      heads[to] = old.heads[from] as number
    }
  }

  function growRecords(record: number): void {
    if (record < seen.length) return
    const size = 2 * record
    const larger = new Int32Array(size * kinds)
    larger.set(next)
    next = larger
    const marks = new Uint32Array(size)
    marks.set(seen)
    seen = marks
  }

  function slotsOf(tokens: Int32Array, hub: number): { readonly found: number[]; readonly hubs: number } {
    const found: number[] = []
    let hubs = 0
    for (let kind = 0; kind < kinds; kind++) {
      const low = tokens[2 * kind] as number
      const high = tokens[2 * kind + 1] as number
      if (low === 0 && high === 0) continue
      const slot = slotOf(low, high)
      const count = counts[slot] as number
      if (count > hub) hubs++
      else if (count > 0) found.push(slot)
    }
    // Equally rare tokens in the order of their kinds: sort is stable.
    found.sort((a, b) => (counts[a] as number) - (counts[b] as number))
    return { found, hubs }
  }

  return {
    candidates(tokens, { budget, hub }) {
      query++
      const { found, hubs } = slotsOf(tokens, hub)
      const records: number[] = []
      let overBudget = false
      for (const slot of found) {
        const before = records.length
        for (let entry = heads[slot] as number; entry !== NONE; entry = next[entry] as number) {
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
      for (let kind = 0; kind < kinds; kind++) {
        const low = tokens[2 * kind] as number
        const high = tokens[2 * kind + 1] as number
        if (low === 0 && high === 0) continue
        let slot = slotOf(low, high)
        if (counts[slot] === 0) {
          if (used >= slots * FULL) {
            growTable()
            slot = slotOf(low, high)
          }
          used++
          lows[slot] = low
          highs[slot] = high
          heads[slot] = NONE
        }
        counts[slot] = (counts[slot] as number) + 1
        next[record * kinds + kind] = heads[slot] as number
        heads[slot] = record * kinds + kind
        if (counts[slot] === hub + 1)
          for (let entry = heads[slot] as number; entry !== NONE; entry = next[entry] as number)
            limited.push(Math.floor(entry / kinds))
      }
      return limited
    },
  }
}
