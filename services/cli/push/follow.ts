/** Follows what was sent to its end: asks the gateway for each receipt until no record of it is on its way, within a bounded time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceiptClient } from '#core/gateway-api/receipt-client.ts'
import type { RecordState, RecordStateName } from '#core/gateway-api/receipt-states.ts'
import type { ProgressView } from '#core/terminal/progress.ts'

export type StateCounts = Partial<Record<RecordStateName, number>>

export interface Followed {
  /** Of all records of a receipt that were accepted; of those that the gateway refused the sender knows already. */
  readonly states: StateCounts
  /** Records that did not come to the warehouse, and will not. */
  readonly failed: readonly RecordState[]
  /** Why the gateway told nothing; undefined when it did. */
  readonly untold?: string
}

export interface FollowOptions {
  readonly client: ReceiptClient
  /** Milliseconds since an arbitrary time, after which nothing is asked again. */
  readonly deadline: number
  readonly now: () => number
  readonly pause: (ms: number) => Promise<unknown>
  /** Told what each look has found. */
  readonly seen?: (followed: Followed) => void
}

/** States that no later look changes to something better. */
const FAILED: ReadonlySet<RecordStateName> = new Set<RecordStateName>(['rejected', 'quarantined', 'lost', 'unknown'])

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000

function isFailed({ state }: RecordState): boolean {
  return FAILED.has(state)
}

/** @param waitMs how long it is asked at most; infinite until all is said */
export function followOptions(client: ReceiptClient, waitMs: number): FollowOptions {
  return { client, deadline: performance.now() + waitMs, now: () => performance.now(), pause: (ms) => sleep(ms) }
}

/** @returns what became of the records of a receipt, as of the last look */
export async function follow(
  receiptId: string,
  { client, deadline, now, pause, seen }: FollowOptions,
): Promise<Followed> {
  let wait = FIRST_PAUSE_MS
  for (;;) {
    const { followed, again } = await look(receiptId, client)
    seen?.(followed)
    if (!again || now() + wait > deadline) return followed
    await pause(wait)
    wait = Math.min(LONGEST_PAUSE_MS, wait * 2)
  }
}

/** `again`: a later look may say more. */
async function look(id: string, client: ReceiptClient): Promise<{ followed: Followed; again: boolean }> {
  const states: StateCounts = {}
  const failed: RecordState[] = []
  for (let from: number | undefined = 0; from !== undefined; ) {
    const answer = await client.receipt(id, { from })
    if (answer.kind === 'untold')
      return { followed: { states: {}, failed: [], untold: answer.why }, again: answer.again }
    for (const record of answer.receipt.records) {
      if (record.state === 'refused') continue
      states[record.state] = (states[record.state] ?? 0) + 1
      if (isFailed(record)) failed.push(record)
    }
    from = answer.receipt.next
  }
  return { followed: { states, failed }, again: states.accepted !== undefined }
}

/** @returns what is shown while a receipt is followed: how many records have their final state, of those that were accepted */
export function followView(followed: Followed | undefined): ProgressView {
  if (!followed) return { text: 'asking the gateway' }
  if (followed.untold !== undefined) return { text: `the gateway does not tell yet: ${followed.untold}` }
  const total = Object.values(followed.states).reduce((sum, count) => sum + count, 0)
  const left = followed.states.accepted ?? 0
  return { text: statesText(followed.states), share: total === 0 ? undefined : (total - left) / total }
}

/** @returns the sum of the counts */
export function sumStates(all: readonly StateCounts[]): StateCounts {
  const sum: StateCounts = {}
  for (const counts of all)
    for (const [state, count] of Object.entries(counts) as [RecordStateName, number][])
      sum[state] = (sum[state] ?? 0) + count
  return sum
}

/** @returns the counts as a text, for instance `3 loaded, 1 rejected by a rule` */
export function statesText(states: StateCounts): string {
  return (Object.keys(WORDS) as RecordStateName[])
    .flatMap((state) => (states[state] === undefined ? [] : `${states[state]} ${WORDS[state]}`))
    .join(', ')
}

const WORDS: Readonly<Record<RecordStateName, string>> = {
  loaded: 'loaded',
  replaced: 'replaced by a later version',
  cancelled: 'cancelled by a later version',
  refused: 'refused',
  rejected: 'rejected by a rule',
  quarantined: 'quarantined',
  lost: 'lost',
  unknown: 'unknown',
  accepted: 'on their way',
}
