/**
 * The ids of topics, which Kafka never uses again: a topic that was deleted and created again has another id under the same name.
 * kafkajs 2.2.4 ends at Metadata version 6, and ids begin with version 10, so the request is written here and sent over kafkajs' own
 * connections (TLS, login and reconnection are its).
 * Format: https://kafka.apache.org/protocol#The_Messages_Metadata, version 12.
 */
import type { Kafka, KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { type Broker, newCluster } from './internals.ts'
import { topicExtent, withAdmin } from './offsets.ts'

export interface TopicId {
  /** 22 characters of base64url, as Kafka's own tools write it. */
  readonly id: string
  /** Partition to its leader: the broker's id, and the leader epoch, which grows at each election. */
  readonly leaders: ReadonlyMap<number, Leader>
}

export interface Leader {
  readonly nodeId: number
  readonly epoch: number
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
  /**
   * Where the messages of a leader epoch, and of those before it, end in the log as it is now. An end below what was read of that epoch
   * means that the log was truncated since (KIP-320).
   *
   * @returns one past the last offset
   * @throws ChainonError dependency-unavailable when the leader does not answer
   */
  endOfEpoch(topic: string, partition: number, leaderEpoch: number): Promise<bigint>
  close(): Promise<void>
}

const METADATA = 3
const OFFSET_FOR_LEADER_EPOCH = 23
const OFFSET_FOR_LEADER_EPOCH_VERSION = 3
const METADATA_VERSION = 12
const NO_ERROR = 0
const UNKNOWN_TOPIC = 3
const AGREE_WITHIN_MS = 10_000
const ASK_AGAIN_MS = 100

/** @throws ChainonError dependency-unavailable when no broker answers */
export async function topicIds(kafka: Kafka): Promise<TopicIds> {
  const cluster = newCluster(kafka)
  try {
    await asDependency(async () => {
      await cluster.connect()
      // At its second try kafkajs takes an open connection for a working one; an answer proves it.
      await cluster.refreshMetadata()
    })
  } catch (error) {
    // What failed is told, and not that the connections could not be closed.
    await cluster.disconnect().catch(() => undefined)
    throw error
  }

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

  async function askEnd(leader: Leader, topic: string, partition: number, leaderEpoch: number): Promise<bigint> {
    const broker = await cluster.findBroker({ nodeId: String(leader.nodeId) })
    const raw = (await broker.connectionPool.send(epochRequest(topic, partition, leader.epoch, leaderEpoch))) as Buffer
    return readEpochEnd(raw)
  }

  async function of(topic: string): Promise<TopicId | undefined> {
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
  }

  return {
    of,
    async endOfEpoch(topic, partition, leaderEpoch) {
      const leader = (await of(topic))?.leaders.get(partition)
      const answer = leader && (await askEnd(leader, topic, partition, leaderEpoch).catch(() => undefined))
      if (answer === undefined)
        throw new ChainonError('dependency-unavailable', `no leader told where an epoch of ${topic} ends`)
      // No record of that epoch or of a later one: what the log has is older, all of it.
      return answer < 0n ? logEnd(kafka, topic, partition) : answer
    },
    close: () => cluster.disconnect(),
  }
}

async function logEnd(kafka: Kafka, topic: string, partition: number): Promise<bigint> {
  const extents = await withAdmin(kafka, (admin) => topicExtent(admin, topic))
  const found = extents.find((extent) => extent.partition === partition)
  if (!found) throw new ChainonError('dependency-unavailable', `no leader told where ${topic} ends`)
  return found.high
}

/** Leader epochs only grow: the leader with the highest epoch is the newest. */
function newest(answers: readonly (TopicId | undefined)[]): TopicId | undefined {
  const [first] = answers
  if (!first) return undefined
  const leaders = new Map<number, Leader>()
  for (const answer of answers)
    for (const [partition, leader] of answer?.leaders ?? [])
      if (leader.epoch >= (leaders.get(partition)?.epoch ?? -1)) leaders.set(partition, leader)
  return { id: first.id, leaders }
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
  return request(METADATA, METADATA_VERSION, 'Metadata', body)
}

/** Version 3 is the last of the older encoding: lengths have two or four bytes, and there are no tagged fields. */
function epochRequest(topic: string, partition: number, currentEpoch: number, leaderEpoch: number): unknown {
  const name = Buffer.from(topic)
  const numbers = Buffer.alloc(10)
  // A consumer's replica id is -1; one topic.
  numbers.writeInt32BE(-1, 0)
  numbers.writeInt32BE(1, 4)
  numbers.writeInt16BE(name.length, 8)
  const partitions = Buffer.alloc(16)
  partitions.writeInt32BE(1, 0)
  partitions.writeInt32BE(partition, 4)
  partitions.writeInt32BE(currentEpoch, 8)
  partitions.writeInt32BE(leaderEpoch, 12)
  const body = Buffer.concat([numbers, name, partitions])
  return request(OFFSET_FOR_LEADER_EPOCH, OFFSET_FOR_LEADER_EPOCH_VERSION, 'OffsetForLeaderEpoch', body)
}

/**
 * @returns the end offset of the one partition of the response; -1 when the log has no such epoch and no later one
 * @throws ChainonError when the broker answers an error
 */
function readEpochEnd(raw: Buffer): bigint {
  // Throttle time, number of topics, name, number of partitions.
  const at = 8 + 2 + raw.readInt16BE(8) + 4
  const error = raw.readInt16BE(at)
  const end = raw.readBigInt64BE(at + 10)
  if (error !== NO_ERROR) throw new ChainonError('dependency-unavailable', `Kafka answered error ${error} for an epoch`)
  return end
}

function request(apiKey: number, apiVersion: number, apiName: string, body: Buffer): unknown {
  return {
    request: {
      apiKey,
      apiVersion,
      apiName,
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
    const partitions = read.array((): [number, Leader] => {
      read.int16()
      const partition = read.int32()
      const nodeId = read.int32()
      const epoch = read.int32()
      for (let lists = 0; lists < 3; lists++) read.array(() => read.int32())
      read.tags()
      return [partition, { nodeId, epoch }]
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
  return { id: found.id.toString('base64url'), leaders: new Map(found.partitions) }
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

/** @returns the leader epoch under which a message was appended; kafkajs has it, its types do not */
export function leaderEpochOf(message: KafkaMessage): number {
  const { batchContext } = message as { readonly batchContext?: { readonly partitionLeaderEpoch?: number } }
  const epoch = batchContext?.partitionLeaderEpoch
  if (epoch === undefined)
    throw new ChainonError('bug', 'kafkajs is not the version that Chainon pins: no leader epoch')
  return epoch
}
