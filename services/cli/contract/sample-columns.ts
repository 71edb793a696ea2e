/** The columns of a sample, of a table or of records in JSON: their names and values, as texts. */
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Column } from '../csv/propose.ts'
import { readSample } from '../csv/read-sample.ts'
import { inputOf, unreadable } from '../push/input.ts'
import { formatOf, openSource } from '../push/source.ts'

const MAX_ROWS = 5_000

/**
 * @param path a .csv, .tsv, .ndjson, .jsonl or .json file, also as .gz or .zst
 * @throws ConfigurationError when it cannot be read, or has no records
 */
export async function sampleColumns(path: string): Promise<readonly Column[]> {
  const format = formatOf(path)
  if (format === 'table') return (await readSample(inputOf(path).open(), path)).columns
  if (format === 'ndjson' || format === 'json') return jsonColumns(path)
  throw unreadable(path, 'a sample is a .csv, .tsv, .ndjson, .jsonl or .json file, also as .gz or .zst')
}

async function jsonColumns(path: string): Promise<readonly Column[]> {
  const values = new Map<string, string[]>()
  let rows = 0
  for await (const source of openSource(path).records(undefined)) {
    const { line } = source
    const record = source.refused ? undefined : parsed(source.bytes)
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      throw unreadable(path, `line ${line} is no JSON object`)
    rows++
    for (const [name, value] of Object.entries(record)) {
      const column = values.get(name) ?? []
      values.set(name, column)
      if (value !== null && value !== '') column.push(typeof value === 'object' ? JSON.stringify(value) : String(value))
    }
    if (rows >= MAX_ROWS) break
  }
  if (rows === 0) throw new ConfigurationError('The sample has no records', [path])
  return [...values].map(([name, column]) => ({ name, values: column, rows }))
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
