/** Reads what the checker compares from ClickHouse's own tables. No view but the feeds' own, and never the ledger. */
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { localLogin } from '../../../deploy/local/logins.ts'
import { NONCE_FIELD } from '../load/records.ts'
import { nonceOf } from './origins.ts'

/** Origins of one partition that were not compared yet. */
export interface OriginRange {
  readonly feed: string
  /** The topic's id in the tables; undefined while they have no column for it. */
  readonly incarnation: string | undefined
  readonly partition: number
  readonly from: number
  readonly to: number
}

export interface StoredRow {
  readonly partition: number
  readonly offset: number
  readonly recordId: string
  readonly version: number
  readonly nonce: number
  readonly patientId: string
  readonly deleted: boolean
  readonly flags: readonly string[]
}

export interface QuarantineRow {
  readonly partition: number
  readonly offset: number
  readonly service: string
  readonly rule: string
}

export interface Tables {
  /** Call before each round of reading: columns may have appeared. */
  refresh(): Promise<void>
  /** Every stored row of a range, before any merge by a reader. */
  rows(range: OriginRange): Promise<readonly StoredRow[]>
  quarantine(range: OriginRange): Promise<readonly QuarantineRow[]>
  /** Origins that a table has more than once: `partition:offset`, of all times. */
  repeated(feed: string): Promise<readonly string[]>
  repeatedQuarantine(): Promise<readonly string[]>
  /** What readers see of these records: record to nonce. */
  visible(feed: string, recordIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  visibleCount(feed: string): Promise<number>
  /** `feed|producer|hour|rule|severity` to the sums. */
  ruleCounts(): Promise<ReadonlyMap<string, { checked: number; failed: number; notApplicable: number }>>
  links(): Promise<ReadonlyMap<string, { person: string; method: string }>>
  /** Patient and version that `person_link` has more than once. */
  repeatedLinks(): Promise<readonly string[]>
  close(): Promise<void>
}

/** @param data folder of the stack, which has the login of its administrator */
export function readTables(url: string, database: string, data: string): Tables {
  const { CLICKHOUSE_USER: username = '', CLICKHOUSE_PASSWORD: password = '' } = localLogin('clickhouse', data, 'admin')
  const client = createClient({ url, username, password, database, request_timeout: 30_000, log: { level: 127 } })
  let incarnations = new Set<string>()

  const nonceColumn = (feed: string) => {
    const name = NONCE_FIELD[feed as keyof typeof NONCE_FIELD]
    return name === 'value_number' ? name : `toUnixTimestamp64Milli(${name})`
  }
  const inRange = (range: OriginRange, table: string, prefix: string, offset: string) =>
    [
      ...(range.incarnation !== undefined && incarnations.has(table)
        ? [`${prefix}incarnation = '${range.incarnation}'`]
        : []),
      `${prefix}partition = ${range.partition}`,
      `${offset} >= ${range.from}`,
      `${offset} < ${range.to}`,
    ].join(' AND ')
  const placeColumns = (table: string, prefix: string) => (incarnations.has(table) ? [`${prefix}incarnation`] : [])

  return {
    async refresh() {
      const found = await select<{ table: string }>(
        client,
        `SELECT table FROM system.columns WHERE database = '${database}' AND name IN ('_origin_incarnation', 'incarnation')`,
      )
      incarnations = new Set(found.map(({ table }) => table))
    },
    async rows(range) {
      const { feed } = range
      const rows = await select<Record<string, unknown>>(
        client,
        `SELECT _origin_partition AS p, toFloat64(_origin_offset) AS o, record_id, toFloat64(record_version) AS v,
                toFloat64(${nonceColumn(feed)}) AS n, patient_id, _deleted AS d, _flags AS f
         FROM feed_${feed} WHERE ${inRange(range, `feed_${feed}`, '_origin_', '_origin_offset')}`,
      )
      return rows.map((row) => ({
        partition: Number(row.p),
        offset: Number(row.o),
        recordId: String(row.record_id),
        version: Number(row.v),
        nonce: nonceOf(feed, row.n),
        patientId: String(row.patient_id),
        deleted: Number(row.d) === 1,
        flags: (row.f as string[]).toSorted(),
      }))
    },
    async quarantine(range) {
      const rows = await select<Record<string, unknown>>(
        client,
        `SELECT partition AS p, toFloat64(origin_offset) AS o, service, rule FROM quarantine
         WHERE feed = '${range.feed}' AND ${inRange(range, 'quarantine', '', 'origin_offset')}`,
      )
      return rows.map((row) => ({
        partition: Number(row.p),
        offset: Number(row.o),
        service: String(row.service),
        rule: String(row.rule),
      }))
    },
    repeated: (feed) =>
      repeatedIn(client, `feed_${feed}`, [
        ...placeColumns(`feed_${feed}`, '_origin_'),
        '_origin_partition',
        '_origin_offset',
      ]),
    repeatedQuarantine: () =>
      repeatedIn(client, 'quarantine', ['feed', ...placeColumns('quarantine', ''), 'partition', 'origin_offset']),
    async visible(feed, recordIds) {
      if (recordIds.length === 0) return new Map()
      const rows = await select<{ record_id: string; n: number }>(
        client,
        `SELECT record_id, toFloat64(${nonceColumn(feed)}) AS n FROM ${feed}
         WHERE record_id IN (${recordIds.map((id) => `'${id}'`).join(',')})`,
      )
      return new Map(rows.map((row) => [row.record_id, nonceOf(feed, row.n)]))
    },
    async visibleCount(feed) {
      const [row] = await select<{ c: number }>(client, `SELECT toFloat64(count()) AS c FROM ${feed}`)
      return Number(row?.c)
    },
    async ruleCounts() {
      const rows = await select<Record<string, unknown>>(
        client,
        `SELECT feed AS g, producer AS p, toUnixTimestamp(hour) AS h, rule AS r, severity AS s, toFloat64(sum(checked)) AS c,
                toFloat64(sum(failed)) AS f, toFloat64(sum(not_applicable)) AS n FROM rule_outcome GROUP BY g, p, h, r, s`,
      )
      return new Map(
        rows.map((row) => [
          [row.g, row.p, row.h, row.r, row.s].map(String).join('|'),
          { checked: Number(row.c), failed: Number(row.f), notApplicable: Number(row.n) },
        ]),
      )
    },
    async links() {
      const rows = await select<{ patient_id: string; person: string; how: string }>(
        client,
        `SELECT patient_id, argMax(person_id, link_version) AS person, argMax(method, link_version) AS how
         FROM person_link GROUP BY patient_id`,
      )
      return new Map(rows.map((row) => [row.patient_id, { person: row.person, method: row.how }]))
    },
    repeatedLinks: () => repeatedIn(client, 'person_link', ['patient_id', 'link_version']),
    close: () => client.close(),
  }
}

/** @returns the first keys that more than one row has */
async function repeatedIn(client: ClickHouseClient, table: string, key: readonly string[]): Promise<readonly string[]> {
  const columns = key.join(', ')
  const [total] = await select<{ c: number }>(
    client,
    `SELECT toFloat64(count() - uniqExact(${columns})) AS c FROM ${table}`,
  )
  if (Number(total?.c) === 0) return []
  const names = key.map((column) => `toString(${column})`).join(` || ':' || `)
  const rows = await select<{ k: string }>(
    client,
    `SELECT ${names} AS k FROM ${table} GROUP BY ${columns} HAVING count() > 1 LIMIT 200`,
  )
  return rows.map(({ k }) => k)
}

async function select<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' })
  return result.json<T>()
}
