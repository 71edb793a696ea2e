/**
 * Retires former versions of the key of encodings, when nothing exists that was sealed under them and nobody can seal under them any more. In this order:
 *   1. each process of `deidentify` in the group seals under the version in force
 *   2. all that was accepted up to now is de-identified: a process that left the group while it wrote, and wakes up later, writes what is there already
 *   3. each message of `linkage.*` is looked at
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, Kafka } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { groupOffsets, topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import { versionOf } from '#core/linkage/seal.ts'
import { sealsUnderOf } from '#core/worker/assigner.ts'

const LOOK_AGAIN_MS = 500
const BUDGET_MS = 60_000
const CHUNK = 5000

export interface RetireDependencies {
  readonly kafka: Kafka
  readonly namespace: string
  /** Names of the linked feeds. */
  readonly feeds: readonly string[]
  readonly onStep: (step: string) => void
}

/** @throws ChainonError key-rotation-refused when something is or can be sealed under another version */
export async function nothingSealedUnderOthers(dependencies: RetireDependencies, inForce: number): Promise<void> {
  const { kafka, namespace, feeds, onStep } = dependencies
  await withAdmin(kafka, async (admin) => {
    const others = await sealingOthers(admin, `${namespace}deidentify`, inForce)
    if (others > 0)
      throw refused(
        `${others} processes of deidentify do not seal under version ${inForce}: they end by themselves, or are of an older Chainon; start this again when they run under it`,
      )
    onStep('waiting: what was accepted is de-identified')
    await allWritten(
      admin,
      `${namespace}deidentify`,
      feeds.map((feed) => topicOf(namespace, 'identified', feed)),
    )
  })
  onStep('reading the encodings that Kafka has')
  const found = await sealedVersions(dependencies)
  const former = [...found].filter(([version]) => version !== inForce)
  if (former.length > 0)
    throw refused(
      former
        .map(
          ([version, { messages, last }]) =>
            `${messages} messages of linkage.* are sealed under version ${version}, the last one of ${new Date(last).toISOString()}: Kafka deletes them after CHAINON_IDENTIFIED_RETENTION_HOURS`,
        )
        .join('; '),
    )
}

/** @returns how many members of the group do not say that they seal under the version */
export async function sealingOthers(admin: Admin, group: string, inForce: number): Promise<number> {
  const { groups } = await admin.describeGroups([group])
  return (groups[0]?.members ?? []).filter(({ memberMetadata }) => sealsUnderOf(memberMetadata) !== inForce).length
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
      throw refused(`deidentify has not read all of ${[...ends.keys()].join(', ')}: start this again when it has`)
  }
}

export interface Sealed {
  readonly messages: number
  /** When Kafka took the last one, milliseconds since 1970. */
  readonly last: number
}

/** @returns by version what Kafka still has in `linkage.*`; what is no sealed message is left out, because nothing opens it */
export async function sealedVersions({
  kafka,
  namespace,
  feeds,
}: Omit<RetireDependencies, 'onStep'>): Promise<ReadonlyMap<number, Sealed>> {
  const ranges: LogRange[] = []
  await withAdmin(kafka, async (admin) => {
    for (const topic of feeds.map((feed) => topicOf(namespace, 'linkage', feed)))
      for (const { partition, low, high } of await topicExtent(admin, topic))
        ranges.push({ topic, partition, next: low, end: high })
  })
  const found = new Map<number, Sealed>()
  await readLog(kafka, `${namespace}key-rotation-${randomUUID()}`, ranges, CHUNK, {
    async read(_, messages) {
      for (const { value, timestamp } of messages) {
        const version = value === null ? undefined : versionOf(value)
        if (version === undefined) continue
        const { messages: before = 0, last = 0 } = found.get(version) ?? {}
        found.set(version, { messages: before + 1, last: Math.max(last, Number(timestamp)) })
      }
    },
    batchRead: async () => undefined,
  })
  return found
}

function refused(problem: string): ChainonError {
  return new ChainonError('key-rotation-refused', `nothing is retired: ${problem}`)
}
