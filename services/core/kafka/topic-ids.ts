/**
 * The ids of topics, which Kafka never uses again: a topic that was deleted and created again has another id under the same name.
 * kafkajs 2.2.4 ends at Metadata version 6, and ids begin with version 10, so the request is written here and sent over kafkajs' own
 * connections (TLS, login and reconnection are its). It is the only file that reaches into kafkajs; what it expects is checked.
 * Format: https://kafka.apache.org/protocol#The_Messages_Metadata, version 12.
 */
import type { Kafka } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'

export interface TopicId {
  /** 22 characters of base64url, as Kafka's own tools write it. */
  readonly id: string
  /** Partition to its leader epoch, which grows at each election. */
  readonly leaderEpochs: ReadonlyMap<number, number>
}

export interface TopicIds {
  /**
   * The topic as every reachable broker knows it now. A broker learns of a new topic before it serves a record of it, so an id that
   * is the same before and after a fetch is the id of what was fetched.
   *
   * @returns undefined when the topic does not exist
   * @throws ChainonError dependency-unavailable when no broker answers, or the brokers do not agree within 10 s
   */
  of(topic: string): Promise<TopicId | undefined>
  close(): Promise<void>
}

const METADATA = 3
const METADATA_VERSION = 12
const NO_ERROR = 0
const UNKNOWN_TOPIC = 3
const AGREE_WITHIN_MS = 10_000
const ASK_AGAIN_MS = 100

/** What this file uses of kafkajs' internals. */
interface Broker {
  readonly versions?: Readonly<Record<number, { readonly maxVersion: number }>>
  readonly connectionPool: { send(request: unknown): Promise<unknown> }
}
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  getNodeIds(): readonly string[]
  findBroker(node: { readonly nodeId: string }): Promise<Broker>
}

export async function topicIds(kafka: Kafka): Promise<TopicIds> {
  const cluster = internalCluster(kafka)
  await asDependency(() => cluster.connect())

  async function ask(nodeId: string, topic: string): Promise<TopicId | undefined | 'unreachable'> {
    let broker: Broker
    try {
      broker = await cluster.findBroker({ nodeId })
    } catch {
      return 'unreachable'
    }
    if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < METADATA_VERSION)
      throw new ChainonError(
        'configuration',
        'The Kafka broker has no topic ids: Chainon needs Apache Kafka 3.1 or later',
      )
    try {
      return readMetadata((await broker.connectionPool.send(metadataRequest(topic))) as Buffer, topic)
    } catch (error) {
      if (error instanceof ChainonError) throw error
      return 'unreachable'
    }
  }

  return {
    async of(topic) {
      for (const until = Date.now() + AGREE_WITHIN_MS; ; ) {
        await asDependency(() => cluster.refreshMetadataIfNecessary())
        const answers = await Promise.all(cluster.getNodeIds().map((nodeId) => ask(nodeId, topic)))
        const known = answers.filter((answer) => answer !== 'unreachable')
        const [first] = known
        if (known.length > 0 && known.every((answer) => answer?.id === first?.id)) return newest(known)
        if (Date.now() > until)
          throw new ChainonError(
            'dependency-unavailable',
            known.length === 0 ? 'no Kafka broker told the id of a topic' : 'the Kafka brokers do not agree on a topic',
          )
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
        if (known.length < answers.length) await cluster.refreshMetadata().catch(() => undefined)
      }
    },
    close: () => cluster.disconnect(),
  }
}

/** Leader epochs only grow: the highest that a broker names is the newest. */
function newest(answers: readonly (TopicId | undefined)[]): TopicId | undefined {
  const [first] = answers
  if (!first) return undefined
  const leaderEpochs = new Map<number, number>()
  for (const answer of answers)
    for (const [partition, epoch] of answer?.leaderEpochs ?? [])
      leaderEpochs.set(partition, Math.max(epoch, leaderEpochs.get(partition) ?? -1))
  return { id: first.id, leaderEpochs }
}

/** @throws ChainonError bug when kafkajs is another than the pinned one */
function internalCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]
  const cluster = create?.call(kafka, { metadataMaxAge: 30_000, allowAutoTopicCreation: false })
  const expected = [
    'connect',
    'disconnect',
    'refreshMetadata',
    'refreshMetadataIfNecessary',
    'getNodeIds',
    'findBroker',
  ]
  const lacks = expected.filter(
    (name) => typeof (cluster as Record<string, unknown> | undefined)?.[name] !== 'function',
  )
  if (!cluster || lacks.length > 0)
    throw new ChainonError('bug', `kafkajs is not the version that Chainon pins: no ${lacks.join(', ')} in its cluster`)
  return cluster
}

async function asDependency(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw new ChainonError('dependency-unavailable', 'Kafka did not answer within the retry budget', { cause: error })
  }
}

/** Request header 2 is header 1 and one byte, the number of tagged fields: kafkajs writes header 1, and the byte begins the body. */
function metadataRequest(topic: string): unknown {
  const name = Buffer.from(topic)
  const body = Buffer.concat([
    Buffer.from([0]),
    // One topic, by its name: the id is zero.
    Buffer.from([2]),
    Buffer.alloc(16),
    unsignedVarint(name.length + 1),
    name,
    Buffer.from([0]),
    // Not created when it is missing, no authorised operations, no tagged fields.
    Buffer.from([0, 0, 0]),
  ])
  return {
    request: {
      apiKey: METADATA,
      apiVersion: METADATA_VERSION,
      apiName: 'Metadata',
      // What kafkajs' encoder needs of another encoder.
      encode: async () => ({ buf: body, buffer: body, size: () => body.length }),
    },
    response: { decode: async (raw: Buffer) => raw, parse: async (raw: Buffer) => raw },
  }
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** @returns the topic of a Metadata response of version 12; undefined when it does not exist */
function readMetadata(raw: Buffer, topic: string): TopicId | undefined {
  const read = reader(raw)
  // Response header 1: tagged fields.
  read.tags()
  read.int32()
  read.array(() => {
    read.int32()
    read.text()
    read.int32()
    read.text()
    read.tags()
  })
  read.text()
  read.int32()
  const topics = read.array(() => {
    const error = read.int16()
    const name = read.text()
    const id = read.bytes(16)
    read.bytes(1)
    const partitions = read.array((): [number, number] => {
      read.int16()
      const partition = read.int32()
      read.int32()
      const leaderEpoch = read.int32()
      for (let lists = 0; lists < 3; lists++) read.array(() => read.int32())
      read.tags()
      return [partition, leaderEpoch]
    })
    read.int32()
    read.tags()
    return { error, name, id, partitions }
  })
  const found = topics.find(({ name }) => name === topic)
  if (!found || found.error === UNKNOWN_TOPIC) return undefined
  // LEADER_NOT_AVAILABLE and the like: the id is there, a leader is not.
  if (found.error !== NO_ERROR && found.partitions.length === 0)
    throw new ChainonError('dependency-unavailable', `Kafka answered error ${found.error} for the topic ${topic}`)
  if (found.id.every((byte) => byte === 0))
    throw new ChainonError(
      'configuration',
      'The Kafka broker has no topic ids: Chainon needs Apache Kafka 3.1 or later',
    )
  return { id: found.id.toString('base64url'), leaderEpochs: new Map(found.partitions) }
}

/** Reads the flexible encoding: compact lengths are one more than the length, 0 is null. */
function reader(raw: Buffer) {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = raw.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const bytes = (length: number) => raw.subarray(at, (at += length))
  return {
    bytes,
    int16: () => bytes(2).readInt16BE(),
    int32: () => bytes(4).readInt32BE(),
    text: () => bytes(Math.max(0, varint() - 1)).toString(),
    array<T>(one: () => T): readonly T[] {
      return Array.from({ length: Math.max(0, varint() - 1) }, one)
    },
    tags() {
      for (let left = varint(); left > 0; left--) {
        varint()
        bytes(varint())
      }
    },
  }
}
