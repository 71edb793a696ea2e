/**
 * Copies the access journal from its topic into ClickHouse, where an auditor reads it, and binds the chains of all writers together: an
 * anchor names the heads of all of them before a place of the topic, so that no entry can be moved across it, and no chain left out.
 */
import type { Kafka } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { insertBlock } from '#core/clickhouse/insert.ts'
import { type Head, readEntry } from '#core/journal/entry.ts'
import type { Journal } from '#core/journal/journal.ts'
import { journalTopic } from '#core/journal/send.ts'
import { digestOf, type Placed, raiseHead } from '#core/journal/verify.ts'
import { topicExtent } from '#core/kafka/offsets.ts'
import type { ReconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { scanPartition } from '#core/kafka/scan.ts'
import { every } from '#core/process/loop.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

export interface JournalTableOptions {
  readonly clickhouse: ClickHouseClient
  readonly journal: Pick<Journal, 'note'>
  /** One past the last offset of the topic. */
  readonly end: () => Promise<number>
  /** Entries from an offset on. */
  readonly read: (from: number) => Promise<readonly Placed[]>
  readonly alarms: Alarms
}

export interface JournalWatchOptions extends Omit<JournalTableOptions, 'end' | 'read'> {
  readonly kafka: Kafka
  readonly admin: ReconnectingAdmin
  readonly namespace: string
  readonly logger: Logger
}

const LOOK_MS = 3_000
const TIMEOUT_MS = 15_000
const ROWS = 5_000
const SHORT = 'journal-shortened'

export function watchJournal({ kafka, admin, namespace, logger, ...options }: JournalWatchOptions) {
  const topic = journalTopic(namespace)
  const copy = journalCopy({
    ...options,
    async end() {
      const [extent] = await admin.use((client) => topicExtent(client, topic), TIMEOUT_MS)
      return Number(extent?.high ?? 0n)
    },
    async read(from) {
      const found: Placed[] = []
      await scanPartition(kafka, `${namespace}journal-`, topic, 0, BigInt(from), ({ offset, value }) => {
        found.push({ offset: Number(offset), line: String(value) })
      })
      return found
    },
  })
  return every(LOOK_MS, async () => {
    try {
      await copy()
    } catch (error) {
      // Kafka or ClickHouse is down, which others report; the topic keeps what is not copied yet.
      logger.debug({ event: 'journal-not-copied', err: safeError(error) })
    }
  })
}

/** @returns one look: it copies what is new, and notes an anchor for it */
export function journalCopy({ clickhouse, journal, end, read, alarms }: JournalTableOptions): () => Promise<void> {
  let heads: Map<string, Head> | undefined
  let next = 0

  async function start(): Promise<Map<string, Head>> {
    const rows = async <T>(query: string) => (await clickhouse.query({ query, format: 'JSONEachRow' })).json<T>()
    const [last] = await rows<{ next: string }>(
      'SELECT toString(if(count() = 0, 0, max(topic_offset) + 1)) AS next FROM access_journal',
    )
    const found = await rows<{ writer: string; sequence: string; hash: string }>(
      `SELECT writer, toString(sequence) AS sequence, hash FROM access_journal WHERE writer != ''
       ORDER BY access_journal.sequence DESC, topic_offset LIMIT 1 BY writer`,
    )
    next = Number(last?.next ?? 0)
    return new Map(found.map(({ writer, sequence, hash }) => [writer, { sequence: Number(sequence), hash }]))
  }

  return async () => {
    heads ??= await start()
    const until = await end()
    if (until < next) {
      const message = `The topic of the access journal ends at offset ${until}, and the table has entries up to ${next}: \`chainon audit verify\` says which are missing`
      alarms.raise({ id: SHORT, code: SHORT, message })
      return
    }
    alarms.clear(SHORT)
    if (until === next) return
    let bound = false
    const entries = await read(next)
    for (let at = 0; at < entries.length; at += ROWS) {
      const rows = entries.slice(at, at + ROWS)
      const [from, to] = [rows[0]?.offset ?? 0, (rows.at(-1)?.offset ?? 0) + 1]
      await insertBlock(clickhouse, {
        table: 'access_journal',
        columns: ['topic_offset', 'entry'],
        rows: rows.map(({ offset, line }) => [offset, line]),
        token: `audit.access:${from}-${to}`,
      })
      next = to
      for (const entry of rows.map(({ line }) => readEntry(line))) {
        if (entry) raiseHead(heads, entry)
        // An anchor of an anchor would be followed by another one, without an end.
        bound ||= entry !== undefined && entry.action !== 'anchor'
      }
    }
    if (!bound) return
    const facts = { offset: next, heads: digestOf(heads) }
    journal.note({ actor: 'service:console', action: 'anchor', object: 'journal', outcome: 'done', facts })
  }
}
