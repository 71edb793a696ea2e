/** Where the entries of the access journal are read from: the topic, the table of ClickHouse, or a file that was exported. */
import { readFileSync } from 'node:fs'
import Type from 'typebox'
import { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { journalTopic } from '#core/journal/send.ts'
import type { Placed } from '#core/journal/verify.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { scanPartition } from '#core/kafka/scan.ts'
import { complete } from '#core/schema/complete.ts'
import { createLogger } from '#core/telemetry/logger.ts'

export type Source = 'topic' | 'table' | { readonly file: string }

const Exported = Type.Object({ offset: Type.Integer({ minimum: 0 }), entry: Type.String() })
const UNREADABLE = 'The access journal cannot be read'

/** @param text of `--from` */
export function sourceOf(text: string): Source {
  return text === 'topic' || text === 'table' ? text : { file: text }
}

/**
 * @returns the entries in the order of the topic
 * @throws ChainonError dependency-unavailable, ConfigurationError for a file that is not an export
 */
export async function readEntries(source: Source, env: NodeJS.ProcessEnv): Promise<readonly Placed[]> {
  if (typeof source !== 'string') return readExport(source.file)
  return source === 'topic' ? readTopic(env) : readTable(env)
}

/** @returns a line of an export, which `readExport` reads */
export function exportLine({ offset, line }: Placed): string {
  return `${JSON.stringify({ offset, entry: line })}\n`
}

function readExport(path: string): readonly Placed[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(UNREADABLE, [`${path}: ${errorCode(error)}`])
  }
  // What is no line of an export is shown as an entry that is none: somebody may have written it.
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => {
      const read = complete(Exported, parse(line))
      return read ? { offset: read.offset, line: read.entry } : { offset: at, line }
    })
}

async function readTopic(env: NodeJS.ProcessEnv): Promise<readonly Placed[]> {
  const config = readConfig('audit', KAFKA_KEYS, env)
  const kafka = kafkaClient('audit', config, createLogger('audit', 'fatal'))
  const namespace = config.CHAINON_NAMESPACE
  const found: Placed[] = []
  try {
    await scanPartition(kafka, `${namespace}audit-`, journalTopic(namespace), 0, 0n, ({ offset, value }) => {
      found.push({ offset: Number(offset), line: String(value) })
    })
  } catch (cause) {
    const message = `${UNREADABLE}: Kafka is unreachable (KAFKA_BROKERS), or \`chainon up\` has not run yet`
    throw new ChainonError('dependency-unavailable', message, { cause })
  }
  return found
}

async function readTable(env: NodeJS.ProcessEnv): Promise<readonly Placed[]> {
  const client = clickhouseClient('audit', readConfig('audit', CLICKHOUSE_KEYS, env))
  try {
    const result = await client.query({
      query: 'SELECT toString(topic_offset), entry FROM access_journal ORDER BY topic_offset',
      format: 'JSONCompactEachRow',
    })
    const rows = await result.json<[string, string]>()
    return rows.map(([offset, line]) => ({ offset: Number(offset), line }))
  } catch (cause) {
    const message = `${UNREADABLE}: ClickHouse is unreachable (CLICKHOUSE_URL), or \`chainon up\` has not run yet`
    throw rejectedLogin(cause) ?? new ChainonError('dependency-unavailable', message, { cause })
  } finally {
    await client.close()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
