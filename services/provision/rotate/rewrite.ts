/**
 * Writes a kept log anew under the version of the wrap that is in force, in its own topic:
 *   1. each message of a partition up to its end is written once more, behind that end, in the same order, with the same headers, other pseudonyms and tokens that are sealed again
 *   2. both parts are read and compared: every message of before, in its order, with the same content, and no pseudonym or token under other keys
 *   3. when `curate` has read the part of before, Kafka deletes it
 * Nothing is deleted that is not there a second time. How far a partition is, its messages say themselves (`chainon-rewritten`), so a process that is killed at any point is
 * followed by one that goes on. What a stranger writes in between makes the second part wrong: then all of both is written once more, each message once.
 */
import { randomUUID } from 'node:crypto'
import type { Admin, Kafka, KafkaMessage, Message } from 'kafkajs'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import { formatRewritten, HEADER_REWRITTEN, rewrittenOf } from '#core/kafka/headers.ts'
import { groupOffsets, topicExtent } from '#core/kafka/offsets.ts'
import type { PartitionReader } from '#core/kafka/partition-reader.ts'
import type { OrderedProducer } from '#core/kafka/producer.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import { changeSettings } from '../topics.ts'
import { addCounts, type Counts, changeUnder, comparison, type Part } from './comparison.ts'
import type { Change, LogForm } from './log-form.ts'
import type { TokenChange } from './token-change.ts'

export interface RewriteDependencies {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly producer: Pick<OrderedProducer, 'send'>
  readonly reader: Pick<PartitionReader, 'first' | 'last'>
  readonly namespace: string
  readonly wrap: PseudonymWrap
  readonly tokens: TokenChange
  readonly sleep: (ms: number) => Promise<void>
  readonly onStep: (step: string, progress?: { readonly done: number; readonly total: number }) => void
}

export interface RewrittenTopic {
  readonly topic: string
  /** Messages of before that have another in their place now. */
  readonly messages: number
  /** Of these, that have linkage tokens, which are sealed again. */
  readonly tokens: number
  /** Of these, with tokens that nothing opens: a stranger has written them, and they are as they were. */
  readonly closed: number
}

interface Range extends LogRange {
  readonly part: Part
}

const CHUNK = 2000
const ATTEMPTS = 5

/** @throws ChainonError key-rotation-refused when something else writes to the topic, or `curate` does not read it; nothing is lost then */
export async function rewriteTopic(dependencies: RewriteDependencies, form: LogForm): Promise<RewrittenTopic> {
  const { admin, onStep } = dependencies
  const { topic } = form
  const counts: Counts = { messages: 0, tokens: 0, closed: 0 }
  let wrong: ReadonlySet<number> = new Set()
  for (let attempt = 1; ; attempt++) {
    const parts = await partsOf(dependencies, topic, wrong)
    if (parts.length === 0) {
      await longSegments(admin, topic)
      return { topic, ...counts }
    }
    if (attempt > ATTEMPTS)
      throw refused(`something else writes to ${topic}: stop deidentify and the linker everywhere`)
    await withShortSegments(dependencies, topic, parts, () => copy(dependencies, form, parts))
    const compared = await compare(dependencies, form, parts)
    wrong = compared.wrong
    if (wrong.size > 0) continue
    addCounts(counts, compared.counts)
    if (form.readBy) await readUpTo(dependencies, topic, form.readBy, parts)
    onStep(`deleting what was replaced in ${topic}`)
    await admin.deleteTopicRecords({
      topic,
      partitions: parts.map(({ partition, end }) => ({ partition, offset: end.toString() })),
    })
  }
}

/** @param wrong partitions of which all is written once more @returns the partitions that have messages of before */
async function partsOf(
  { admin, reader, wrap: { version } }: RewriteDependencies,
  topic: string,
  wrong: ReadonlySet<number>,
): Promise<readonly Part[]> {
  const parts: Part[] = []
  for (const { partition, low, high } of await topicExtent(admin, topic)) {
    const [first, last] = [await reader.first(topic, partition), await reader.last(topic, partition)]
    if (!first || !last) continue
    const part = partOf({ partition, low, high }, first, last, version)
    if (part) parts.push(wrong.has(partition) ? { ...part, end: high, after: -1n } : part)
  }
  return parts
}

/** Pure. @param version in force @returns undefined when the partition was written anew under it */
export function partOf(
  { partition, low, high }: { readonly partition: number; readonly low: bigint; readonly high: bigint },
  first: Pick<KafkaMessage, 'headers'>,
  last: Pick<KafkaMessage, 'headers' | 'timestamp'>,
  version: number,
): Part | undefined {
  const [begins, ends] = [rewrittenOf(first.headers), rewrittenOf(last.headers)]
  if (begins?.version === version && begins.end === low) return undefined
  const whole = low === 0n || begins?.first === true
  const youngest = Number(last.timestamp)
  // What is not of this version came after it: everything is written once more.
  return ends?.version === version && ends.end > low
    ? { partition, low, end: ends.end, after: ends.source, whole, youngest }
    : { partition, low, end: high, after: -1n, whole, youngest }
}

async function copy(dependencies: RewriteDependencies, form: LogForm, parts: readonly Part[]): Promise<void> {
  const { kafka, namespace, producer, wrap, tokens, onStep } = dependencies
  const { topic } = form
  const change = changeUnder(wrap, tokens)
  const repeatsOf = new Map(parts.map(({ partition }) => [partition, form.repeats()]))
  const ranges = parts.map((part): Range => ({ part, topic, partition: part.partition, next: part.low, end: part.end }))
  const total = sizeOf(ranges)
  let done = 0
  await readLog(kafka, readingGroup(namespace), ranges, CHUNK, {
    async read({ part }, found, advanced) {
      await form.prepare(found)
      const repeats = repeatsOf.get(part.partition)
      const wanted = found.filter((message) => !repeats?.(message) && BigInt(message.offset) > part.after)
      await tokens.prepare(form.sealed(wanted))
      const copies = wanted.map((message) => copyOf(form, change, wrap.version, part, message))
      for (const slice of slices(copies)) await producer.send({ topic, acks: -1, messages: slice })
      done += advanced
    },
    batchRead: async () => onStep(`writing ${topic} anew`, { done, total }),
  })
}

function copyOf(form: LogForm, change: Change, version: number, part: Part, message: KafkaMessage): Message {
  const source = BigInt(message.offset)
  const { key, value } = form.mapped(message, change)
  const first = part.whole && source === part.low
  const rewritten = formatRewritten({ version, end: part.end, source, first })
  const headers = { ...message.headers, [HEADER_REWRITTEN]: rewritten }
  return { partition: part.partition, key, value, headers }
}

/** @returns the messages in sends that a broker accepts */
function* slices(messages: readonly Message[]): Generator<Message[]> {
  let slice: Message[] = []
  let bytes = 0
  for (const message of messages) {
    const size = (message.value?.length ?? 0) + 300
    if (slice.length > 0 && (slice.length >= MAX_PRODUCE_MESSAGES || bytes + size > MAX_PRODUCE_BYTES)) {
      yield slice
      slice = []
      bytes = 0
    }
    slice.push(message)
    bytes += size
  }
  if (slice.length > 0) yield slice
}

/** @returns what was replaced, and the partitions of which the second part is not what it should be */
async function compare(
  dependencies: RewriteDependencies,
  form: LogForm,
  parts: readonly Part[],
): Promise<{ readonly counts: Counts; readonly wrong: ReadonlySet<number> }> {
  const { kafka, namespace, admin, wrap, tokens, onStep } = dependencies
  const { topic } = form
  const highs = new Map((await topicExtent(admin, topic)).map(({ partition, high }) => [partition, high]))
  const ranges = parts.map((part): Range => {
    const end = highs.get(part.partition) ?? part.end
    return { part, topic, partition: part.partition, next: part.low, end }
  })
  const sides = new Map(parts.map(({ partition }) => [partition, comparison(form, wrap, tokens)]))
  const total = sizeOf(ranges)
  let done = 0
  await readLog(kafka, readingGroup(namespace), ranges, CHUNK, {
    async read({ part }, found, advanced) {
      await form.prepare(found)
      await tokens.prepare(form.sealed(found))
      for (const message of found) sides.get(part.partition)?.add(part, message)
      done += advanced
    },
    batchRead: async () => onStep(`comparing ${topic}`, { done, total }),
  })
  const counts: Counts = { messages: 0, tokens: 0, closed: 0 }
  const wrong = new Set<number>()
  for (const [partition, side] of sides) {
    const result = side.result()
    if (result) addCounts(counts, result)
    else wrong.add(partition)
  }
  return { counts, wrong }
}

const LOOK_AGAIN_MS = 200
const STANDSTILL_MS = 120_000

/** A reader that is behind would look for what is deleted: it would find it in the second part, and begin there again. */
async function readUpTo(
  { admin, namespace, sleep, onStep }: RewriteDependencies,
  topic: string,
  group: string,
  parts: readonly Part[],
): Promise<void> {
  const missing = async () => {
    const [found] = await groupOffsets(admin, `${namespace}${group}`, [topic])
    const at = new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
    return parts.map(({ partition, end }) => end - (at.get(partition) ?? -1n)).filter((left) => left > 0n)
  }
  let [before, since] = ['', Date.now()]
  for (;;) {
    const left = await missing()
    if (left.length === 0) return
    onStep(`waiting: ${group} reads ${topic}`)
    if (left.join() !== before) [before, since] = [left.join(), Date.now()]
    if (Date.now() - since > STANDSTILL_MS)
      throw refused(
        `${group} does not read ${topic}: start it on a host that has the new key, or see why it waits; then start this again`,
      )
    await sleep(LOOK_AGAIN_MS)
  }
}

/** A segment of Kafka that has messages of both parts would keep those of before on the disk. */
const SEGMENT_MS = 5_000
const SETTING = 'segment.ms'
const KNOWN_AFTER_MS = 500

/** The first message of the second part begins a segment; a topic for which the operator has set the time of its segments is left as it is. */
async function withShortSegments(
  { admin, sleep }: RewriteDependencies,
  topic: string,
  parts: readonly Part[],
  work: () => Promise<void>,
): Promise<void> {
  const short = String(SEGMENT_MS)
  await changeSettings(admin, [topic], (_, own) => ({ [SETTING]: short, ...own }))
  try {
    const youngest = Math.max(...parts.map((part) => part.youngest))
    await sleep(Math.max(KNOWN_AFTER_MS, Math.min(youngest + SEGMENT_MS - Date.now(), SEGMENT_MS) + KNOWN_AFTER_MS))
    await work()
  } finally {
    await longSegments(admin, topic)
  }
}

/** Also after a command that was killed meanwhile. */
async function longSegments(admin: Admin, topic: string): Promise<void> {
  await changeSettings(admin, [topic], (_, { [SETTING]: set, ...own }) =>
    set === undefined || set === String(SEGMENT_MS) ? own : { ...own, [SETTING]: set },
  )
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { next, end }) => sum + Number(end - next), 0)
}

/** @returns the name of a group that no other reading has */
export function readingGroup(namespace: string): string {
  return `${namespace}key-rotation-${randomUUID()}`
}

export function refused(problem: string): ChainonError {
  return new ChainonError('key-rotation-refused', `The key of first-level pseudonyms is not rotated: ${problem}`)
}
