/** Reads the two logs from where it stopped, with kafkajs and avsc alone, and decodes every message with the schema it was written with. */
import { randomUUID } from 'node:crypto'
import avsc from 'avsc'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import type { KafkaAccess } from '../kafka-access.ts'
import type { RegistryAccess } from '../registry-access.ts'
import type { Seals } from './seals.ts'

export type Zone = 'identified' | 'pseudonymised'
export type Values = Readonly<Record<string, unknown>>

export interface LogMessage {
  readonly zone: Zone
  readonly feed: string
  readonly partition: number
  readonly offset: number
  /** `chainon-origin`; undefined when the header is missing. */
  readonly origin: number | undefined
  /** `chainon-incarnation`, where deidentify writes it. */
  readonly incarnation: string | undefined
  readonly name: string
  readonly record: Values
  /** Milliseconds for each unit of `_received_at`. */
  readonly stampUnitMs: number
}

export interface LogReader {
  /** @returns the messages since the last call, in the order of each partition @throws when Kafka does not answer in time */
  read(): Promise<readonly LogMessage[]>
  /** The topic was created again: the next call reads it from its start. */
  restart(zone: Zone, feed: string): void
  close(): Promise<void>
}

const READ_WITHIN_MS = 60_000
const topicOf = (zone: Zone, feed: string) => `${zone}.${feed}`

export function logReader(
  access: KafkaAccess,
  registry: RegistryAccess,
  feeds: readonly string[],
  seals: Seals,
): LogReader {
  const kafka = new Kafka({
    clientId: 'chaos-check',
    ...access,
    logLevel: logLevel.NOTHING,
    retry: { retries: 12, initialRetryTime: 100, maxRetryTime: 2000 },
  })
  const admin = kafka.admin()
  let connected = false
  const schemas = schemaCache(registry)
  const topics = feeds.flatMap((feed) => [
    { topic: topicOf('identified', feed), zone: 'identified' as const, feed },
    { topic: topicOf('pseudonymised', feed), zone: 'pseudonymised' as const, feed },
  ])
  const positions = new Map<string, number>()
  const at = (topic: string, partition: number) => positions.get(`${topic}/${partition}`) ?? 0

  async function read(): Promise<readonly LogMessage[]> {
    if (!connected) await admin.connect()
    connected = true
    const ends = await endsOf(admin, topics)
    const wanted = ends.filter(({ topic, partition, end }) => end > at(topic, partition))
    if (wanted.length === 0) return []
    const raw = await fetchRanges(kafka, wanted, at)
    const messages: LogMessage[] = []
    for (const { topic, partition, offset, key, value, header } of raw) {
      const of = topics.find((one) => one.topic === topic)
      if (!of) continue
      positions.set(`${topic}/${partition}`, offset + 1)
      const outer = await schemas.decode(value)
      const decoded =
        of.zone === 'identified'
          ? await schemas.decode(await seals.open(outer.record, topic, key))
          : await withTokens(outer, of.feed, seals)
      const origin = header('chainon-origin')
      messages.push({
        zone: of.zone,
        feed: of.feed,
        partition,
        offset,
        origin: of.zone === 'identified' ? offset : origin === undefined ? undefined : Number(origin),
        incarnation: header('chainon-incarnation'),
        ...decoded,
      })
    }
    return messages
  }

  return {
    read: () =>
      Promise.race([
        read(),
        new Promise<never>((_resolve, reject) => {
          setTimeout(() => reject(new Error('the log could not be read in time')), READ_WITHIN_MS).unref()
        }),
      ]),
    restart(zone, feed) {
      for (const key of positions.keys()) if (key.startsWith(`${topicOf(zone, feed)}/`)) positions.delete(key)
    },
    close: () => admin.disconnect(),
  }
}

/** The linkage tokens of a record, opened: `_tokens`. */
async function withTokens<T extends { readonly record: Values }>(message: T, feed: string, seals: Seals): Promise<T> {
  const { _sealed_tokens: sealed, record_id: id } = message.record
  if (!Buffer.isBuffer(sealed)) return message
  return { ...message, record: { ...message.record, _tokens: await seals.tokens(sealed, feed, String(id)) } }
}

interface Range {
  readonly topic: string
  readonly partition: number
  readonly end: number
}

async function endsOf(admin: Admin, topics: readonly { readonly topic: string }[]): Promise<readonly Range[]> {
  const found = await Promise.all(
    topics.map(async ({ topic }) =>
      (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({ topic, partition, end: Number(high) })),
    ),
  )
  return found.flat()
}

interface RawMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: Buffer
  readonly header: (name: string) => string | undefined
}

/** A consumer group for each read: it has no offsets, so that nothing but `positions` decides what is read. */
async function fetchRanges(
  kafka: Kafka,
  ranges: readonly Range[],
  at: (topic: string, partition: number) => number,
): Promise<readonly RawMessage[]> {
  const groupId = `chaos-check-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50, sessionTimeout: 30_000, retry: { retries: 12 } })
  const next = new Map(ranges.map(({ topic, partition }) => [`${topic}/${partition}`, at(topic, partition)]))
  const ends = new Map(ranges.map(({ topic, partition, end }) => [`${topic}/${partition}`, end]))
  const found: RawMessage[] = []
  let left = ranges.reduce((sum, { topic, partition, end }) => sum + end - at(topic, partition), 0)
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error)
      })
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ topic, partition, message }) => {
            const key = `${topic}/${partition}`
            const offset = Number(message.offset)
            // Offsets are dense, and a fetch may begin before the seek.
            if (offset !== next.get(key) || offset >= (ends.get(key) ?? 0)) return
            next.set(key, offset + 1)
            const header = (name: string) => {
              const value = message.headers?.[name]
              return value === undefined || Array.isArray(value) ? undefined : value.toString()
            }
            found.push({
              topic,
              partition,
              offset,
              key: message.key?.toString() ?? '',
              value: message.value ?? Buffer.alloc(0),
              header,
            })
            left--
            if (left === 0) resolve()
          },
        })
        .then(() => {
          for (const { topic, partition } of ranges)
            consumer.seek({ topic, partition, offset: String(at(topic, partition)) })
        }, reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return found
}

interface Schema {
  readonly name: string
  readonly type: avsc.Type
  readonly stampUnitMs: number
}

function schemaCache({ url, authorization }: RegistryAccess) {
  const known = new Map<number, Promise<Schema>>()
  const load = async (id: number): Promise<Schema> => {
    const answer = await fetch(`${url}/schemas/ids/${id}`, { headers: { authorization } })
    if (!answer.ok) throw new Error(`the registry answered ${answer.status} for schema ${id}`)
    const { schema } = (await answer.json()) as { schema: string }
    const parsed = JSON.parse(schema) as avsc.schema.RecordType
    const stamp = parsed.fields.find(({ name }) => name === '_received_at')?.type as
      | { logicalType?: string }
      | undefined
    return {
      name: `${parsed.namespace}.${parsed.name}`,
      type: avsc.Type.forSchema(parsed, { registry: {}, logicalTypes: {} }),
      stampUnitMs: stamp?.logicalType === 'timestamp-micros' ? 0.001 : 1,
    }
  }
  return {
    /** @throws when the bytes are not a message of Chainon */
    async decode(value: Buffer): Promise<Pick<LogMessage, 'name' | 'record' | 'stampUnitMs'>> {
      const id = value.readUInt32BE(1)
      let schema = known.get(id)
      if (!schema) {
        schema = load(id)
        schema.catch(() => known.delete(id))
        known.set(id, schema)
      }
      const { name, type, stampUnitMs } = await schema
      return { name, stampUnitMs, record: type.fromBuffer(value.subarray(5)) as Values }
    },
  }
}
