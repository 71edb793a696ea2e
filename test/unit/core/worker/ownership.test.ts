/** A partition keeps its epoch only when no other worker can have owned it: compared with a coordinator that knows every generation. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOwnership, partitionKey } from '#core/worker/ownership.ts'

describe('ownership', () => {
  it('lets work go on for a limited time after a rebalance began', () => {
    let now = 0
    const ownership = createOwnership(100, () => now)
    ownership.joining()
    ownership.joined('m', { t: [0] })
    const epoch = ownership.epochOf('t:0') ?? -1
    expect(ownership.holds('t:0', epoch)).toBe(true)
    ownership.rebalancing()
    expect(ownership.certain).toBe(false)
    expect(ownership.holds('t:0', epoch)).toBe(true)
    now = 100
    expect(ownership.holds('t:0', epoch)).toBe(false)
  })

  it('holds nothing while the assignment is not certain', () => {
    const ownership = createOwnership(100)
    ownership.joining()
    ownership.joined('m', { t: [0] })
    ownership.lose()
    expect(ownership.holds('t:0', ownership.epochOf('t:0') ?? -1)).toBe(false)
  })

  /** What happens to this member in the next generation of its group. */
  const generation = fc.record({
    // Its JoinGroup or SyncGroup failed, and it missed this generation, in which another worker may own its partitions.
    missed: fc.boolean(),
    // It was taken out of the group, and joins under another id.
    expelled: fc.boolean(),
    // The answer of a SyncGroup was lost: it joins again although no generation was missed.
    repeated: fc.boolean(),
    mine: fc.subarray([0, 1, 2]),
  })

  it('property: a kept epoch means that nobody else had the partition since', () => {
    fc.assert(
      fc.property(fc.array(generation, { minLength: 2, maxLength: 20 }), (history) => {
        const ownership = createOwnership(100)
        const elsewhere = new Map<string, number>()
        const seen = new Map<string, { epoch: number; moves: number }>()
        let id = 0
        let pending = 0
        for (const { missed, expelled, repeated, mine } of history) {
          if (expelled) id++
          pending++
          if (repeated) pending++
          for (const partition of [0, 1, 2]) {
            const key = partitionKey('t', partition)
            if (missed || !mine.includes(partition)) elsewhere.set(key, (elsewhere.get(key) ?? 0) + 1)
          }
          if (missed) continue
          for (; pending > 0; pending--) ownership.joining()
          // A member that was expelled needs a second request: the first one is answered with UNKNOWN_MEMBER_ID.
          ownership.joined(`m${id}`, { t: mine })
          for (const partition of mine) {
            const key = partitionKey('t', partition)
            const epoch = ownership.epochOf(key) ?? -1
            const moves = (elsewhere.get(key) ?? 0) + id * 1000
            const before = seen.get(key)
            if (before?.epoch === epoch) expect(moves).toBe(before.moves)
            seen.set(key, { epoch, moves })
          }
        }
      }),
    )
  })
})
