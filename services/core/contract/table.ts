/** The ClickHouse table of a feed and the order of its columns: derived from the contract, so that loader and migration cannot differ. */
import { storedForm } from './actions.ts'
import { ALL_SUFFIX } from './check-facts.ts'
import { tableOf } from './names.ts'
import type { FeedContract } from './types.ts'

export interface Column {
  readonly name: string
  readonly type: string
  readonly comment: string
}

/**
 * Deduplication windows: ClickHouse remembers this many blocks per table, so a block that is inserted again within the
 * intent's deadline is dropped. 0, its default, would mean no deduplication at all.
 */
const DEDUPLICATION_WINDOW_BLOCKS = 20_000

/** At each assignment curate asks for rows beyond the last tile: older parts end below it, and are not read. */
const ORIGIN_INDEX = 'INDEX origin_offset _origin_offset TYPE minmax GRANULARITY 1'

/**
 * When a record was received and its place in the log tell records of the same patient or hospital apart where pseudonyms do not; the
 * others order versions of a record.
 */
const NOT_FOR_READERS: ReadonlySet<string> = new Set([
  '_received_at',
  '_version',
  '_deleted',
  '_origin_incarnation',
  '_origin_partition',
  '_origin_offset',
])

/** @returns whether the views of the feed have the column */
export function isForReaders({ name }: Column): boolean {
  return !NOT_FOR_READERS.has(name)
}

/** In the order of the fields of the same names. */
const OBJECT_COLUMNS: readonly Column[] = [
  { name: '_object', type: 'Nullable(String)', comment: 'Name of the de-identified file in the object store' },
  { name: '_object_bytes', type: 'Nullable(UInt64)', comment: 'Size of the file' },
  { name: '_object_sha256', type: 'Nullable(String)', comment: 'SHA-256 of the file, hexadecimal' },
  {
    name: '_object_state',
    type: 'LowCardinality(Nullable(String))',
    comment: 'kept, or why the file is not; null: none was given',
  },
]

/** @returns the columns of the file of a record; none when the feed has no files */
export function objectColumns({ objects }: Pick<FeedContract, 'objects'>): readonly string[] {
  return objects ? OBJECT_COLUMNS.map(({ name }) => name) : []
}

export function columnsOf(contract: FeedContract): readonly Column[] {
  return [
    ...contract.fields.flatMap((field) => {
      const stored = storedForm(field)
      return stored ? [{ name: field.as, type: stored.columnType, comment: field.doc }] : []
    }),
    ...(contract.objects ? OBJECT_COLUMNS : []),
    { name: '_producer', type: 'LowCardinality(String)', comment: 'Producer' },
    { name: '_received_at', type: "DateTime64(6, 'UTC')", comment: 'When the gateway received the record' },
    { name: '_flags', type: 'Array(LowCardinality(String))', comment: 'Rules of severity flag that the record failed' },
    {
      name: '_version',
      type: 'UInt128',
      comment: 'record_version * 2^64 + _received_at in microseconds * 2^11 + tie-breaker: the highest is in force',
    },
    { name: '_deleted', type: 'UInt8', comment: '1 when the last operation was cancel' },
    { name: '_origin_incarnation', type: 'LowCardinality(String)', comment: 'Incarnation of identified.<feed>' },
    { name: '_origin_partition', type: 'UInt32', comment: 'Partition of identified.<feed>' },
    { name: '_origin_offset', type: 'UInt64', comment: 'Offset in that partition' },
  ]
}

/**
 * @param present columns that the storage table already has, with their types; empty when there is no table
 * @returns the statements that adapt the storage table, and the view that readers query, to the contract
 */
export function tableStatements(
  contract: FeedContract,
  database: string,
  present: ReadonlyMap<string, string>,
): readonly string[] {
  const columns = columnsOf(contract)
  const table = `${quote(database)}.${quote(tableOf(contract.feed))}`
  const define = (column: Column) => `${quote(column.name)} ${column.type} COMMENT ${literal(column.comment)}`
  const visible = columns.filter(isForReaders)
  const create = `CREATE TABLE IF NOT EXISTS ${table} (
  ${columns.map(define).join(',\n  ')},
  ${ORIGIN_INDEX}
) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY record_id
SETTINGS non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW_BLOCKS}`
  const storage =
    present.size === 0
      ? [create]
      : columns.flatMap((column) => {
          const type = present.get(column.name)
          if (type === column.type) return []
          // A type may only widen (the registry rejected anything else): a column that stays narrow would cut values without an error.
          const change = type === undefined ? 'ADD COLUMN IF NOT EXISTS' : 'MODIFY COLUMN'
          return [`ALTER TABLE ${table} ${change} ${define(column)}`]
        })
  // FINAL is in the view, so that readers do not see superseded or cancelled rows. It reads with the rights of who provisions: a reader
  // needs none on the storage table.
  const view = (name: string, where: string) =>
    `CREATE OR REPLACE VIEW ${quote(database)}.${quote(name)} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT ${visible.map((column) => quote(column.name)).join(', ')} FROM ${table} FINAL${where}`
  const all = contract.facts.length > 0 ? [view(`${contract.feed}${ALL_SUFFIX}`, '')] : []
  return [...storage, view(contract.feed, factsSql(contract)), ...all, ...witnessStatements(contract.feed, database)]
}

/**
 * A record is a fact unless a field says that it is none. FINAL comes first: what was a fact and is refuted by a later version is none.
 */
function factsSql({ facts }: FeedContract): string {
  const conditions = facts.map(
    ({ field, values }) => `ifNull(toString(${quote(field)}) IN (${values.map(literal).join(', ')}), 1)`,
  )
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

/**
 * What the ledger's witness knows of the inserts into a feed's table: ClickHouse writes it with the same insert and drops it with the
 * same deduplication token, so that it does not depend on what curate says.
 */
function witnessStatements(feed: string, database: string): readonly string[] {
  const create = (target: string, record: string) =>
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${quote(database)}.${quote(`witness_${target}_${feed}`)} TO ${quote(database)}.${quote(target)} AS
SELECT ${literal(feed)} AS feed, ${record}_origin_incarnation AS incarnation, _origin_partition AS partition, _origin_offset AS offset
FROM ${quote(database)}.${quote(tableOf(feed))}`
  return [
    create('origin_loaded', ''),
    create(
      'record_loaded',
      'substring(record_id, 1, 6) AS prefix, cityHash64(record_id) AS record, _version AS version, ',
    ),
    // What a sender is told of a record: by its origin, which record it is, and in which version.
    create(
      'record_origin',
      'substring(record_id, 1, 6) AS prefix, cityHash64(record_id) AS record, _version AS version, _deleted AS deleted, toDateTime(_received_at) AS received_at, ',
    ),
  ]
}

export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
