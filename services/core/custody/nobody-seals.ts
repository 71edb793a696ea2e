/**
 * Before a former key is destroyed: nobody seals under it any more. First each process of `deidentify` in the group says that it seals under the version in force; then
 * all that was accepted up to now is de-identified, so that a process that left the group while it wrote, and wakes up later, writes what is there already.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { topicOf } from '../contract/names.ts'
import { ChainonError } from '../faults/errors.ts'
import { groupOffsets, topicExtent } from '../kafka/offsets.ts'
import { type SealsUnder, sealsUnderOf } from '../worker/assigner.ts'

const LOOK_AGAIN_MS = 500
const BUDGET_MS = 60_000

export interface SealingCheck {
  readonly admin: Admin
  readonly namespace: string
  /** Names of the linked feeds. */
  readonly feeds: readonly string[]
  readonly onStep: (step: string) => void
}

/** @throws ChainonError key-rotation-refused when something can be sealed under another version of the key */
export async function nobodySealsUnderOthers(
  { admin, namespace, feeds, onStep }: SealingCheck,
  key: keyof SealsUnder,
  inForce: number,
): Promise<void> {
  const group = `${namespace}deidentify`
  const others = await sealingOthers(admin, group, key, inForce)
  if (others > 0)
    throw notRetired(
      `${others} processes of deidentify do not seal under version ${inForce}: they end by themselves, or are of an older Chainon; start this again when they run under it`,
    )
  onStep('waiting: what was accepted is de-identified')
  await allWritten(
    admin,
    group,
    feeds.map((feed) => topicOf(namespace, 'identified', feed)),
  )
}

/** @returns how many members of the group do not say that they seal under the version */
export async function sealingOthers(
  admin: Admin,
  group: string,
  key: keyof SealsUnder,
  inForce: number,
): Promise<number> {
  const { groups } = await admin.describeGroups([group])
  return (groups[0]?.members ?? []).filter(({ memberMetadata }) => sealsUnderOf(memberMetadata, key) !== inForce).length
}

async function allWritten(admin: Admin, group: string, topics: readonly string[]): Promise<void> {
  const ends = new Map<string, bigint>()
  for (const topic of topics)
    for (const { partition, low, high } of await topicExtent(admin, topic))
      if (low < high) ends.set(`${topic}:${partition}`, high)
  for (const until = Date.now() + BUDGET_MS; ; await sleep(LOOK_AGAIN_MS)) {
    for (const { topic, partitions } of await groupOffsets(admin, group, topics))
      for (const { partition, offset } of partitions)
        if (BigInt(offset) >= (ends.get(`${topic}:${partition}`) ?? 0n)) ends.delete(`${topic}:${partition}`)
    if (ends.size === 0) return
    if (Date.now() > until)
      throw notRetired(`deidentify has not read all of ${[...ends.keys()].join(', ')}: start this again when it has`)
  }
}

/** @returns why no key is destroyed */
export function notRetired(problem: string): ChainonError {
  return new ChainonError('key-rotation-refused', `nothing is retired: ${problem}`)
}
