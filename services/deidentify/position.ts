/**
 * Under which incarnation the messages of a fetch are. Kafka counts offsets again from 0 in a topic that is created again, and from the
 * cut in a log that was truncated (an unclean election, a disk that lost its end); the records there are others than those that had
 * the same offsets before. Pure.
 */
import type { IHeaders } from 'kafkajs'
import { HEADER_ORIGIN_EPOCH, headerText, originOf } from '#core/kafka/headers.ts'
import { formatIncarnation, parseIncarnation } from '#core/kafka/incarnation.ts'

export interface Position {
  readonly incarnation: string
  /** Offset of the next message. */
  readonly next: bigint
  /** Leader epoch of the last message that was passed; -1 when none was. */
  readonly leaderEpoch: number
}

export interface Fetched {
  /** The topic's id after the fetch. */
  readonly topicId: string
  /** Offset and leader epoch of its first message. */
  readonly offset: bigint
  readonly leaderEpoch: number
}

export type Step =
  | { readonly kind: 'use'; readonly position: Position }
  /** The log of an older leader epoch may have been cut: the partition's leader must say where that epoch ends. */
  | { readonly kind: 'ask'; readonly leaderEpoch: number }
  /** The messages must not be used: the partition is read from `position.next`. */
  | {
      readonly kind: 'restart'
      readonly position: Position
      readonly because: 'unproven' | 'topic-recreated' | 'topic-truncated'
    }

/** The offset metadata of the group `deidentify`. */
export function formatPosition({ incarnation, leaderEpoch }: Position): string {
  return JSON.stringify({ incarnation, leaderEpoch })
}

/** @returns undefined when the metadata is not Chainon's */
export function parsePosition(offset: bigint, metadata: string): Position | undefined {
  try {
    const { incarnation, leaderEpoch } = JSON.parse(metadata) as Record<string, unknown>
    if (typeof incarnation !== 'string' || !parseIncarnation(incarnation)) return undefined
    return typeof leaderEpoch === 'number' ? { incarnation, next: offset, leaderEpoch } : undefined
  } catch {
    return undefined
  }
}

/** @returns the position after the last message that was written; undefined when the message does not say it */
export function writtenPosition(headers: IHeaders | undefined): Position | undefined {
  const origin = originOf(headers)
  const epoch = headerText(headers, HEADER_ORIGIN_EPOCH)
  if (!origin || epoch === undefined || !/^\d{1,9}$/.test(epoch)) return undefined
  return { incarnation: origin.incarnation, next: origin.offset + 1n, leaderEpoch: Number(epoch) }
}

/**
 * Where a partition continues at its assignment. What was written counts, not what was committed: a process may have ended between the two, and
 * when brokers lose their disks' last seconds, each log loses another part. Only the beginning of an incarnation is committed first.
 *
 * @param topicId the topic's id now
 */
export function continueAt(
  committed: Position | undefined,
  written: Position | undefined,
  topicId: string,
): Position | undefined {
  if (!written || !committed || written.incarnation === committed.incarnation) return written ?? committed
  const [one, other] = [parseIncarnation(written.incarnation), parseIncarnation(committed.incarnation)]
  const isLater = one?.topicId === other?.topicId ? (one?.epoch ?? 0) > (other?.epoch ?? 0) : one?.topicId === topicId
  return isLater ? written : committed
}

/**
 * @param known where the partition continues; undefined when nothing says so
 * @param epochEnd one past the last offset of `known.leaderEpoch` in the log as it is now; undefined when it was not asked for
 */
export function stepOf(known: Position | undefined, fetched: Fetched, epochEnd?: bigint): Step {
  const { topicId } = fetched
  const beginning = { incarnation: topicId, next: 0n, leaderEpoch: -1 }
  // The topic may have been created again between the fetch and the look at its id.
  if (!known) return { kind: 'restart', because: 'unproven', position: beginning }
  if (parseIncarnation(known.incarnation)?.topicId !== topicId)
    return { kind: 'restart', because: 'topic-recreated', position: beginning }
  // kafkajs starts again at the beginning when the log is shorter than the position.
  const suspicious = fetched.leaderEpoch > known.leaderEpoch || fetched.offset < known.next
  if (known.leaderEpoch < 0 || known.next === 0n || !suspicious) return { kind: 'use', position: known }
  if (epochEnd === undefined) return { kind: 'ask', leaderEpoch: known.leaderEpoch }
  if (epochEnd < known.next) {
    const epoch = Math.max(fetched.leaderEpoch, known.leaderEpoch + 1)
    const incarnation = formatIncarnation({ topicId, epoch, first: epochEnd })
    const position = { incarnation, next: epochEnd, leaderEpoch: known.leaderEpoch }
    return { kind: 'restart', because: 'topic-truncated', position }
  }
  return fetched.offset < known.next
    ? { kind: 'restart', because: 'unproven', position: known }
    : { kind: 'use', position: known }
}

/**
 * The same for the first fetch after an assignment, which began at what is committed. Where that is beyond the position, the pseudonymised log
 * lost its end: what it lost is written again, unless it has expired.
 */
export function firstStepOf(known: Position | undefined, fetched: Fetched, epochEnd?: bigint): Step {
  const step = stepOf(known, fetched, epochEnd)
  return step.kind === 'use' && step.position.next < fetched.offset
    ? { kind: 'restart', because: 'unproven', position: step.position }
    : step
}
