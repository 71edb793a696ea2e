/**
 * Writes to Kafka. Each message goes to the partition of its key, and each partition to the lane of its leader, so that a leader that is
 * away delays and fails only the records of its own partitions.
 */
import type { Logger } from '#core/telemetry/logger.ts'
import { byPartition, partitionOf, slices, type TopicBatch } from './chunks.ts'
import { type Chunk, type Lane, openLane } from './lane.ts'
import type { Leaders } from './leaders.ts'
import type { LogProducer } from './producer.ts'
import type { Unavailable } from './unavailable.ts'

/** Messages of a batch that are next to each other in the log. */
export interface PlacedRun {
  readonly partition: number
  /** Of the first of them; undefined when they are in the log and no leader said where. */
  readonly offset: bigint | undefined
  /** Their positions in the batch, in the order of the log. */
  readonly positions: readonly number[]
}

export interface Appended {
  /** For each batch, where the messages are that are acknowledged. */
  readonly placed: readonly (readonly PlacedRun[])[]
  /** For each batch, the positions of the messages that are not acknowledged by all in-sync replicas, ascending. */
  readonly missing: readonly (readonly number[])[]
  /** True when some of these may be in the log all the same: nobody answered for them. */
  readonly doubtful: boolean
  /** True when some of these are of a partition that has no leader or whose leader refused; false when it is Kafka as a whole. */
  readonly partition: boolean
}

export interface RecordLog {
  /** @returns when every message is acknowledged, or will not be */
  append(batches: readonly TopicBatch[]): Promise<Appended>
  /** @returns undefined when every partition takes records, else a function that says so of the partition of a key */
  taking(): ((topic: string, key: string) => boolean) | undefined
  /** Sends what is pending and disconnects. */
  stop(): Promise<void>
}

export interface RecordLogOptions {
  readonly openProducer: () => LogProducer
  readonly leaders: Pick<Leaders, 'of' | 'topics' | 'ready' | 'onLook' | 'refresh'>
  readonly unavailable: Unavailable
  readonly logger: Logger
  /** Kafka, or a leader, does not answer. */
  onDown(error: unknown): void
  /** All of them answer. */
  onUp(): void
}

export function openRecordLog(options: RecordLogOptions): RecordLog {
  const { leaders, unavailable, logger } = options
  const lanes = new Map<string, Lane>()
  const down = new Set<string>()

  function laneOf(name: string): Lane {
    const open = lanes.get(name)
    if (open) return open
    const lane = openLane(options.openProducer, logger, {
      onDown(error) {
        if (lanes.get(name) !== lane) return
        down.add(name)
        options.onDown(error)
        leaders.refresh()
      },
      onUp() {
        down.delete(name)
        if (down.size === 0) options.onUp()
      },
    })
    lanes.set(name, lane)
    return lane
  }

  /** Lanes are opened before they are needed, and closed when their broker leads nothing any more. */
  function follow(): void {
    const leading = new Set([...leaders.topics()].flatMap(([, ofTopic]) => ofTopic))
    for (const leader of leading) if (leader !== undefined) laneOf(mainLane(leader))
    for (const [name, lane] of lanes) {
      if (leading.has(Number.parseInt(name, 10))) continue
      lanes.delete(name)
      if (down.delete(name) && down.size === 0) options.onUp()
      void lane.stop()
    }
    unavailable.report()
  }

  /** @returns undefined when nothing may be sent to the partition now */
  function laneTo(topic: string, partition: number): Lane | undefined {
    const leader = leaders.of(topic)?.[partition]
    if (leader === undefined || unavailable.has(topic, partition)) return undefined
    return laneOf(unavailable.isSuspect(topic, partition) ? suspectLane(leader) : mainLane(leader))
  }

  leaders.onLook(follow)
  return {
    async append(batches) {
      if (batches.some(({ topic }) => !leaders.of(topic))) await leaders.ready()
      const missing = batches.map((): number[] => [])
      const placed = batches.map((): PlacedRun[] => [])
      const state = { doubtful: false, partition: false }
      const settlements: Promise<void>[] = []
      const sent: { readonly lane: Lane; readonly chunk: Chunk }[] = []
      for (const [i, batch] of batches.entries()) {
        /** The first slice of each partition, then the second of each. */
        const rounds: (typeof sent)[] = []
        const ofTopic = leaders.of(batch.topic)
        const lose = (places: readonly number[]) => {
          for (const place of places) missing[i]?.push(place)
        }
        const divided = byPartition(batch, ofTopic?.length ?? 1)
        for (const [partition, places] of divided) {
          const lane = laneTo(batch.topic, partition)
          if (!lane) {
            state.partition ||= ofTopic !== undefined
            lose(places)
            continue
          }
          for (const [round, slice] of slices(batch, partition, places, divided.size).entries()) {
            const { promise, resolve } = Promise.withResolvers<void>()
            settlements.push(promise)
            const settle: Chunk['settle'] = (outcome, answered, offset) => {
              if (outcome === 'appended') {
                unavailable.appended(batch.topic, partition)
                placed[i]?.push({ partition, offset, positions: slice.places })
              } else {
                if (answered) unavailable.failed(batch.topic, partition)
                lose(slice.places)
                state.doubtful ||= outcome === 'unknown'
                state.partition ||= answered
              }
              resolve()
            }
            const ofRound = (rounds[round] ??= [])
            ofRound.push({ lane, chunk: { ...slice.chunk, settle } })
          }
        }
        sent.push(...rounds.flat())
      }
      for (const [lane, ofLane] of Map.groupBy(sent, (one) => one.lane)) lane.add(ofLane.map(({ chunk }) => chunk))
      await Promise.all(settlements)
      return { ...state, placed, missing: missing.map((places) => places.sort((a, b) => a - b)) }
    },
    taking() {
      if (!unavailable.any()) return undefined
      return (topic, key) => {
        const ofTopic = leaders.of(topic)
        return !ofTopic || !unavailable.has(topic, partitionOf(key, ofTopic.length))
      }
    },
    async stop() {
      await Promise.all([...lanes.values()].map((lane) => lane.stop()))
    },
  }
}

const mainLane = (leader: number) => `${leader}`
/** Partitions whose leader refused them are tried apart, so that its other partitions do not wait for the client's retries. */
const suspectLane = (leader: number) => `${leader} suspect`
