/** Sends what the spools hold to the topic. The entries are signed: any process that may read the folder can send them. */
import type { Kafka } from 'kafkajs'
import { type OrderedProducer, orderedProducer } from '../kafka/producer.ts'
import { tryLock } from '../process/lock.ts'
import { every, type Loop } from '../process/loop.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { hashOf, readEntry } from './entry.ts'
import { chainFolders, journalFolder } from './folders.ts'
import { openSpool } from './spool.ts'

const BATCH = 200
const LOOK_MS = 2_000
/** An entry that waits longer than this is an alarm. */
const LATE_MS = 60_000
const UNSENT = 'journal-unsent'

/** Gives lines to Kafka, in their order. @throws when Kafka does not acknowledge them */
export type SendLines = (lines: readonly string[]) => Promise<void>

export function journalTopic(namespace: string): string {
  return `${namespace}audit.access`
}

/** @returns how a batch of entries goes to Kafka; it connects at its first use */
export function kafkaLines(kafka: Kafka, namespace: string, logger: Logger): SendLines & { close(): Promise<void> } {
  const producer: OrderedProducer = orderedProducer(kafka, logger)
  const send: SendLines = (lines) =>
    producer.send({
      topic: journalTopic(namespace),
      acks: -1,
      messages: lines.map((value) => ({ partition: 0, value })),
    })
  return Object.assign(send, { close: () => producer.disconnect() })
}

/**
 * Sends the entries of one chain in their order; does nothing while another process sends them.
 *
 * @throws what `send` throws: the entries stay in the spool
 */
export async function sendSpool(folder: string, send: SendLines): Promise<void> {
  const spool = openSpool(folder)
  if (spool.unsent().length === 0) return
  const lock = tryLock(`${folder}/sending.lock`, 'journal')
  if ('heldBy' in lock) return
  try {
    for (let lines = spool.unsent(); lines.length > 0; lines = spool.unsent()) {
      const batch = lines.slice(0, BATCH)
      await send(batch)
      const last = batch.at(-1) ?? ''
      spool.acknowledge({ sequence: readEntry(last)?.sequence ?? 0, hash: hashOf(last) })
    }
  } finally {
    lock.release()
  }
}

export interface JournalSenderOptions {
  readonly dataDir: string
  readonly send: SendLines
  readonly alarms: Alarms
  readonly metrics: Metrics
  readonly logger: Logger
  readonly now?: () => number
}

/** Every service sends the entries of all programs of its data folder: a command may have ended long before Kafka is back. */
export function watchSpools(options: JournalSenderOptions): Loop {
  const round = sendingRound(options)
  return every(LOOK_MS, round)
}

/** @returns one look at all spools; it never throws */
export function sendingRound(options: JournalSenderOptions): () => Promise<void> {
  const { dataDir, send, alarms, metrics, logger, now = Date.now } = options
  const waiting = metrics.gauge('chainon_journal_unsent', 'Entries of the access journal that Kafka does not have yet')
  let failing = false
  return async () => {
    let problem: unknown
    let unsent = 0
    let oldest = Number.POSITIVE_INFINITY
    try {
      for (const folder of chainFolders(journalFolder(dataDir))) {
        await sendSpool(folder, send).catch((error: unknown) => {
          problem = error
        })
        const left = openSpool(folder).unsent()
        unsent += left.length
        oldest = Math.min(oldest, Date.parse(readEntry(left[0] ?? '')?.at ?? '') || Number.POSITIVE_INFINITY)
      }
    } catch (error) {
      problem = error
    }
    waiting(unsent, {})
    if (problem === undefined) failing = false
    else if (!failing) {
      failing = true
      logger.warn({ event: UNSENT, err: safeError(problem) }, 'entries of the access journal wait in their spools')
    }
    if (oldest > now() - LATE_MS) alarms.clear(UNSENT)
    else
      alarms.raise({
        id: UNSENT,
        code: 'journal-unsent',
        message: `${unsent} entries of the access journal wait for Kafka; extractions and the acceptance of gaps are refused until it has them`,
      })
  }
}
