/**
 * Retires former versions of the key of encodings, when nobody can seal under them any more (core/custody/nobody-seals.ts), and nothing exists that was sealed under them:
 * each message of `linkage.*` is looked at.
 */
import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import { nobodySealsUnderOthers, notRetired } from '#core/custody/nobody-seals.ts'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import { versionOf } from '#core/linkage/seal.ts'

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
  await withAdmin(kafka, (admin) => nobodySealsUnderOthers({ admin, namespace, feeds, onStep }, 'transport', inForce))
  onStep('reading the encodings that Kafka has')
  const found = await sealedVersions(dependencies)
  const former = [...found].filter(([version]) => version !== inForce)
  if (former.length > 0)
    throw notRetired(
      former
        .map(
          ([version, { messages, last }]) =>
            `${messages} messages of linkage.* are sealed under version ${version}, the last one of ${new Date(last).toISOString()}: Kafka deletes them after CHAINON_IDENTIFIED_RETENTION_HOURS`,
        )
        .join('; '),
    )
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
