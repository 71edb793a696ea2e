/**
 * Which partitions this process may work on, and since when. A partition's epoch changes whenever another worker could have owned the
 * partition since, and only then: what did not move keeps its epoch, and so its state in memory.
 *
 * A partition has not moved when this member was in two generations that follow each other without one between. kafkajs does not tell
 * the generation, but it is certain after exactly one JoinGroup under the same member id: the coordinator completes a generation only with
 * the members that join, and removes the others, so that their id would be unknown. A second JoinGroup may have left out
 * a generation in which another worker owned the partition: then everything has moved.
 */
export type Assignment = Readonly<Record<string, readonly number[]>>

export interface Ownership {
  /** A JoinGroup is about to be sent. */
  joining(): void
  /** @returns the partitions that did not move, and those of the former assignment that did */
  joined(
    memberId: string,
    assignment: Assignment,
  ): { readonly kept: readonly string[]; readonly lost: readonly string[] }
  /** The group forms a new generation: until this member joins it, or for a limited time, no other worker gets its partitions. */
  rebalancing(): void
  /** The assignment is no longer certain: nothing may be done until the group is joined again. */
  lose(): void
  /** The membership has ended, and everything has moved: the next one is another, whatever its id. */
  leave(): void
  /** @returns whether batches may begin */
  readonly certain: boolean
  readonly isRebalancing: boolean
  /** @returns undefined when the partition is not assigned */
  epochOf(key: string): number | undefined
  /** @returns whether the work that began in this epoch may have a side effect */
  holds(key: string, epoch: number): boolean
  /** The partition begins again from what is committed. @returns its new epoch */
  renew(key: string): number
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

export function partitionOf(key: string): { readonly topic: string; readonly partition: number } {
  const at = key.lastIndexOf(':')
  return { topic: key.slice(0, at), partition: Number(key.slice(at + 1)) }
}

/** @param graceMs how long work that began before a rebalance may continue: less than the group's rebalance timeout */
export function createOwnership(graceMs: number, now: () => number = Date.now): Ownership {
  let epochs = new Map<string, number>()
  let counter = 0
  let member: string | undefined
  let joins = 0
  let state: 'unknown' | 'certain' | 'rebalancing' = 'unknown'
  let rebalancingSince = 0
  return {
    joining: () => void joins++,
    joined(memberId, assignment) {
      const consecutive = joins === 1 && memberId === member
      const next = new Map<string, number>()
      const kept: string[] = []
      for (const [topic, partitions] of Object.entries(assignment)) {
        for (const partition of partitions) {
          const key = partitionKey(topic, partition)
          const before = consecutive ? epochs.get(key) : undefined
          if (before !== undefined) kept.push(key)
          next.set(key, before ?? ++counter)
        }
      }
      const lost = [...epochs.keys()].filter((key) => next.get(key) !== epochs.get(key))
      epochs = next
      member = memberId
      joins = 0
      state = 'certain'
      return { kept, lost }
    },
    rebalancing() {
      if (state !== 'certain') return
      state = 'rebalancing'
      rebalancingSince = now()
    },
    lose() {
      state = 'unknown'
    },
    leave() {
      state = 'unknown'
      member = undefined
    },
    get certain() {
      return state === 'certain'
    },
    get isRebalancing() {
      return state === 'rebalancing'
    },
    epochOf: (key) => epochs.get(key),
    holds: (key, epoch) =>
      epochs.get(key) === epoch &&
      (state === 'certain' || (state === 'rebalancing' && now() - rebalancingSince < graceMs)),
    renew(key) {
      epochs.set(key, ++counter)
      return counter
    },
  }
}
