/**
 * The one file that knows the inside of kafkajs 2.2.4, which is no longer developed: what its types do not offer is reached here, and
 * checked. A client makes one cluster (its connections and metadata) for each consumer, producer and admin connection.
 */
import { createRequire } from 'node:module'
import type { Kafka, KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'

export interface PartitionMetadata {
  readonly partitionId: number
  /** Id of a broker; -1 while the partition has no leader. */
  readonly leader: number
}

export interface TopicOffsets {
  readonly topic: string
  /** In a question: the first offset, or else the end. */
  readonly fromBeginning?: boolean
  readonly partitions: readonly { readonly partition: number; readonly offset?: string }[]
}

/** A request of kafkajs with the reader of its answer, which throws for any error in it. */
export interface Exchange {
  readonly request: { readonly apiKey: number }
  readonly response: { parse(answer: unknown): Promise<unknown> }
}

export type Send = (exchange: Exchange) => Promise<unknown>

interface ConnectionPool {
  send: Send
}

export interface OffsetCommit {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: unknown }[]
  }[]
}

export interface Broker {
  readonly versions?: Readonly<Record<number, { readonly maxVersion: number }>>
  readonly connectionPool: { send(exchange: unknown): Promise<unknown> }
  offsetCommit(request: OffsetCommit): Promise<unknown>
  offsetFetch(request: unknown): Promise<{ readonly responses: readonly TopicOffsets[] }>
  fetch(request: unknown): Promise<{
    readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly KafkaMessage[] }[] }[]
  }>
}

export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  /** Empty for a topic that it has no metadata of. */
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[]
  fetchTopicsOffset(topics: readonly TopicOffsets[]): Promise<readonly TopicOffsets[]>
  getNodeIds(): readonly string[]
  findBroker(node: { readonly nodeId: string }): Promise<Broker>
  readonly brokerPool: { createBroker(options: unknown): Broker; readonly metadata: unknown }
  readonly connectionPoolBuilder: { build(broker?: object): Promise<ConnectionPool> }
}

interface ClusterOptions {
  readonly metadataMaxAge?: number
  readonly allowAutoTopicCreation?: boolean
  /** Only a consumer's cluster has one. */
  readonly isolationLevel?: number
}

const METHODS = [
  'connect',
  'disconnect',
  'refreshMetadata',
  'refreshMetadataIfNecessary',
  'addMultipleTargetTopics',
  'findTopicPartitionMetadata',
  'fetchTopicsOffset',
  'getNodeIds',
  'findBroker',
] as const satisfies readonly (keyof Cluster)[]

/** The requests of one connection. */
interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests: (this: RequestQueue) => void
}

/**
 * kafkajs 2.2.4 looks for requests that may be sent now by a timer that sets itself again, whether or not requests wait; while no broker
 * throttles the client its time is negative, so that each connection that was ever used wakes its process every millisecond, for ever, and after some
 * hundred reconnections the process does nothing else. A request that begins to wait sets the timer itself.
 *
 * @throws ChainonError bug when kafkajs is another than the pinned one
 */
export function restWhenIdle(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    readonly prototype: RequestQueue
  }
  const schedule = prototype.scheduleCheckPendingRequests
  if (typeof schedule !== 'function') throw another()
  if (schedule.name === 'scheduleWhenPending') return
  prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this)
  }
}

type CreateCluster = (options: ClusterOptions) => Cluster
type Inside = Record<symbol, CreateCluster>

/** @throws ChainonError bug when kafkajs is another than the pinned one */
export function newCluster(kafka: Kafka): Cluster {
  return creator(kafka)({ metadataMaxAge: 30_000, allowAutoTopicCreation: false })
}

/**
 * Calls `adapt` with each cluster that the client makes from now on, before anything uses it.
 *
 * @returns a function after which new clusters are as they were
 * @throws ChainonError bug when kafkajs is another than the pinned one
 */
export function adaptClusters(
  kafka: Kafka,
  adapt: (cluster: Cluster, owner: 'consumer' | 'other') => void,
): () => void {
  const inside = kafka as unknown as Inside
  const symbol = symbolOf(kafka)
  const before = inside[symbol]
  const create = creator(kafka)
  const adapted: CreateCluster = (options) => {
    const cluster = create(options)
    adapt(cluster, options.isolationLevel === undefined ? 'other' : 'consumer')
    return cluster
  }
  inside[symbol] = adapted
  return () => {
    if (before) inside[symbol] = before
  }
}

/** Calls `adapt` with each broker that the cluster makes from now on. */
export function adaptBrokers({ brokerPool }: Cluster, adapt: (broker: Broker) => void): void {
  const create = brokerPool.createBroker.bind(brokerPool)
  brokerPool.createBroker = (options) => {
    const broker = create(options)
    adapt(broker)
    return broker
  }
}

/** Calls `wrap` with the sending of each connection that the cluster makes from now on. */
export function adaptSends({ connectionPoolBuilder: builder }: Cluster, wrap: (send: Send) => Send): void {
  const build = builder.build.bind(builder)
  builder.build = async (broker) => {
    const pool = await build(broker)
    pool.send = wrap(pool.send.bind(pool))
    return pool
  }
}

/** @returns the exchange, whose answer passes through `read` before kafkajs judges it */
export function readBefore(exchange: Exchange, read: (answer: unknown) => unknown): Exchange {
  const { response } = exchange
  return { ...exchange, response: { ...response, parse: async (answer) => response.parse(read(answer)) } }
}

function creator(kafka: Kafka): CreateCluster {
  const create = (kafka as unknown as Inside)[symbolOf(kafka)]
  return (options) => {
    const cluster = create?.call(kafka, options)
    const lacks = METHODS.filter((name) => typeof cluster?.[name] !== 'function')
    if (
      !cluster ||
      lacks.length > 0 ||
      typeof cluster.brokerPool?.createBroker !== 'function' ||
      typeof cluster.connectionPoolBuilder?.build !== 'function'
    )
      throw another()
    return cluster
  }
}

function symbolOf(kafka: Kafka): symbol {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  if (!symbol) throw another()
  return symbol
}

function another(): ChainonError {
  return new ChainonError('bug', 'kafkajs is not the version that Chainon pins: its cluster is another')
}
