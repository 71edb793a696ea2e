/** One look at a source: what is new since the position is sent, batch by batch, and the position follows the receipts. */
import type { FeedContract } from '#core/contract/types.ts'
import { type Converted, rowConverter, sourcePath } from '#core/csv/convert.ts'
import type { MappingFile } from '#core/csv/mapping-schema.ts'
import { checkHeader } from '#core/csv/records.ts'
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { GatewayClient } from '#core/gateway-api/client.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import type { Report } from '../push/report.ts'
import type { Source } from '../push/source.ts'
import { type PullBatch, type PullOptions, pullBatches } from './batches.ts'
import { cellText, columnConverter, kindsOf, type TypeName } from './columns.ts'
import { type Cells, type Column, type Database, identifier } from './database.ts'
import type { StateFile } from './state.ts'

export interface Plan {
  readonly statement: string
  readonly cursor: readonly string[]
  readonly contract: FeedContract
  readonly mapping: MappingFile | undefined
  readonly timeZone: string | undefined
  readonly batchRecords: number
}

export interface Pulled {
  readonly rows: number
  readonly accepted: number
  readonly rejected: number
}

export interface PullDependencies {
  readonly database: Database
  readonly client: Pick<GatewayClient, 'pushRecords'>
  readonly state: StateFile
  readonly report: Report
  /** What reports call the source. */
  readonly name: string
  /** Asked before each batch. */
  readonly stopping: () => boolean
}

/** `schema.table` as SQL; each name as it is written in the catalogue. */
export function tableStatement(table: string): string {
  return `SELECT * FROM ${table.split('.').map(identifier).join('.')}`
}

/**
 * Looks at the columns once, and says what the statement has beside its rows.
 *
 * @throws ConfigurationError when the columns do not fit cursor, mapping or feed
 */
export async function preparePull(database: Database, plan: Plan, report: Report, name: string): Promise<PullOptions> {
  const { batchRecords, cursor, statement } = plan
  const columns = await database.columnsOf(statement)
  const problems = cursor.flatMap((column) => {
    const found = columns.filter(({ name: of }) => of === column).length
    return found === 1 ? [] : [`there ${found === 0 ? 'is no column' : `are ${found} columns`} ${column} of --cursor`]
  })
  if (problems.length > 0) throw new ConfigurationError('The columns cannot be read', problems)
  const kinds = kindsOf(columns, await typesOf(database, columns))
  const convert = plan.mapping
    ? mappedConverter(plan.mapping, plan.contract, columns, kinds, (unused) => report.say(`${name}: ${unused}`), name)
    : columnConverter(plan.contract, columns, kinds, cursor, plan.timeZone)
  const [without] = await database.ask(
    `SELECT count(*) FROM (${statement}) AS chainon_source WHERE ${cursor.map((column) => `${identifier(column)} IS NULL`).join(' OR ')}`,
  )
  const count = without?.[0] ?? '0'
  if (count !== '0') report.say(`${name}: ${count} rows without a value of the cursor are never read`)
  return { statement, columns, cursor, convert, batchRecords }
}

function mappedConverter(
  mapping: MappingFile,
  contract: FeedContract,
  columns: readonly Column[],
  kinds: ReturnType<typeof kindsOf>,
  say: (text: string) => void,
  name: string,
): (cells: Cells) => Converted {
  const header = columns.map((column) => column.name)
  const unused = checkHeader(header, mapping, name)
  if (unused.length > 0) say(`columns that the mapping does not use: ${unused.join(', ')}`)
  const convert = rowConverter(mapping, contract, header, (text) => text)
  return (cells) => convert(cells.map((cell, at) => (cell === null ? '' : cellText(kinds[at] ?? 'text', cell))))
}

async function typesOf(database: Database, columns: readonly Column[]): Promise<ReadonlyMap<number, TypeName>> {
  const rows = await database.ask('SELECT oid, typname, typcategory FROM pg_type WHERE oid = ANY($1::oid[])', [
    `{${columns.map(({ type }) => type).join()}}`,
  ])
  return new Map(rows.map(([oid, name, category]) => [Number(oid), { name: name ?? '', category: category ?? '' }]))
}

/** @throws ChainonError when the database or the gateway does not answer, or the gateway rejects a request as a whole */
export async function pullOnce(dependencies: PullDependencies, options: PullOptions, plan: Plan): Promise<Pulled> {
  const { client, database, name, report, state, stopping } = dependencies
  let { cursor, sending, rows } = state.read()
  const sum = { rows: 0, accepted: 0, rejected: 0 }
  const pathOf = pathsOf(plan.mapping)
  const take = async (batch: PullBatch) => {
    if (batch.rows.length > 0) {
      state.save({ cursor, sending: batch.end, rows })
      const { accepted, errors, rejected } = await send(client, plan.contract.feed, batch, name)
      sum.accepted += accepted
      sum.rejected += rejected
      for (const error of errors) {
        const path = pathOf(error.pointer)
        report.rejected(name, batch.rows[error.index] ?? 0, path === undefined ? error : { ...error, path })
      }
    }
    sum.rejected += batch.refused.length
    for (const { row, refusals } of batch.refused)
      for (const refusal of refusals) report.rejected(name, row, { index: 0, ...refusal })
    sum.rows += batch.count
    rows += batch.count
    cursor = batch.end
    state.save({ cursor, sending: undefined, rows })
    report.progress(name, undefined, sum.accepted, sum.rejected)
  }
  // What was perhaps sent is read again as it was: the gateway then knows the request.
  if (sending) for await (const batch of pullBatches(database, options, cursor, sending)) await take(batch)
  if (!stopping())
    for await (const batch of pullBatches(database, options, cursor, undefined)) {
      await take(batch)
      if (stopping()) break
    }
  return sum
}

async function send(
  client: PullDependencies['client'],
  feed: string,
  { body, rows }: PullBatch,
  name: string,
): Promise<Pick<Pulled, 'accepted' | 'rejected'> & { readonly errors: readonly RecordError[] }> {
  const outcome = await client.pushRecords(feed, { body })
  if (outcome.kind === 'accepted') return outcome.receipt
  if (outcome.code === 'all-rejected') return { accepted: 0, rejected: rows.length, errors: outcome.errors }
  // The rows stay unread: another limit of the gateway, or smaller batches, and they are taken.
  const code = outcome.code in FAULTS ? (outcome.code as FaultCode) : 'malformed-body'
  throw new ChainonError(code, `The gateway rejected a batch of ${name} (${outcome.code}): ${outcome.title}`)
}

/** @returns how an error names what a field is read from */
function pathsOf(mapping: MappingFile | undefined): (pointer: string) => string | undefined {
  if (!mapping) return (pointer) => (pointer === '' ? undefined : `column ${pointer.slice(1)}`)
  const columns = new Map(mapping.fields.map((source) => [`/${source.field}`, sourcePath(source)]))
  return (pointer) => columns.get(pointer)
}

/** The rows after the position as the source of a dry run: nothing is sent, and the position stays. */
export function pullSource(
  { database, name, state }: Pick<PullDependencies, 'database' | 'name' | 'state'>,
  options: PullOptions,
  { mapping }: Plan,
): Source {
  return {
    path: name,
    format: 'table',
    size: undefined,
    modified: undefined,
    read: () => 0,
    pathOf: pathsOf(mapping),
    async *records() {
      for await (const { body, refused, rows } of pullBatches(database, options, state.read().cursor, undefined)) {
        for (const [at, line] of body.toString('utf8').split('\n').slice(0, rows.length).entries())
          yield { line: rows[at] ?? 0, bytes: Buffer.from(line) }
        for (const { row, refusals } of refused) yield { line: row, refused: refusals }
      }
    },
  }
}
