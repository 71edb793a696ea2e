/**
 * What the tables have of a partition: the reach of its tiles, and rows beyond them, which a batch without a tile left. Links are not among
 * these: a link is what the linkage index decided, not what a batch is, and the index gives it once. A rebuild writes links of records that
 * are not loaded yet; and ClickHouse must have the highest link version, or an index that went back would pass for complete.
 */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { tableOf } from '#core/contract/names.ts'
import { firstOriginOf } from '#core/kafka/incarnation.ts'

export interface Reach {
  /** Incarnation to one past the last origin of its tiles. */
  readonly ends: ReadonlyMap<string, bigint>
  /** The same without the tiles of records that an operator accepted as lost. */
  readonly loadedEnds: ReadonlyMap<string, bigint>
  /** The incarnation that was loaded last; empty before the first tile. */
  readonly last: string
  /** One past the last offset of the pseudonymised log that a tile names. */
  readonly logEnd: bigint
}

interface Written {
  readonly table: string
  /** Columns of the origin. */
  readonly incarnation: string
  readonly partition: string
  readonly offset: string
  /** Column of the feed; none in the table of one feed. */
  readonly feed?: string
  /** False for a table that only follows another, and would have to be read as a whole. */
  readonly searched?: false
}

const WITNESS = { incarnation: 'incarnation', partition: 'partition', offset: 'offset', feed: 'feed' }

const LINKS: Written = {
  table: 'person_link',
  incarnation: 'cause_incarnation',
  partition: 'cause_partition',
  offset: 'cause_offset',
  feed: 'cause_feed',
}

/** Every table of which rows are removed. */
const writtenBy = (feed: string): readonly Written[] => [
  {
    table: tableOf(feed),
    incarnation: '_origin_incarnation',
    partition: '_origin_partition',
    offset: '_origin_offset',
  },
  { table: 'quarantine', incarnation: 'incarnation', partition: 'partition', offset: 'origin_offset', feed: 'feed' },
  { table: 'rule_outcome', incarnation: 'incarnation', partition: 'partition', offset: 'from_offset', feed: 'feed' },
  // Written by ClickHouse with each insert; what is removed and loaded again would be counted twice.
  { table: 'origin_loaded', ...WITNESS },
  { table: 'origin_quarantined', ...WITNESS },
  { table: 'record_loaded', ...WITNESS, searched: false },
  { table: 'record_origin', ...WITNESS, searched: false },
]

/** @param logIncarnation topic id of the pseudonymised log in which `logEnd` is counted */
export async function reachOf(
  clickhouse: ClickHouseClient,
  feed: string,
  partition: number,
  logIncarnation: string,
): Promise<Reach> {
  const result = await clickhouse.query({
    query: `SELECT incarnation, toString(max(to_offset)) AS end, toString(maxIf(to_offset, lost = 0)) AS loaded,
                   toString(maxIf(log_to, log_incarnation = {log:String})) AS logEnd
            FROM ledger_batch WHERE feed = {feed:String} AND partition = {partition:UInt32} GROUP BY incarnation ORDER BY max(loaded_at) DESC`,
    query_params: { feed, partition, log: logIncarnation },
    format: 'JSONEachRow',
  })
  const rows = await result.json<Record<'incarnation' | 'end' | 'loaded' | 'logEnd', string>>()
  return {
    ends: new Map(rows.map(({ incarnation, end }) => [incarnation, BigInt(end)])),
    loadedEnds: new Map(rows.map(({ incarnation, loaded }) => [incarnation, atLeast(incarnation, BigInt(loaded))])),
    last: rows[0]?.incarnation ?? '',
    logEnd: rows.reduce((last, { logEnd }) => (BigInt(logEnd) > last ? BigInt(logEnd) : last), 0n),
  }
}

export interface Beyond {
  /** Incarnation to one past the last origin of rows that no tile accounts for. */
  readonly rows: ReadonlyMap<string, bigint>
  /** The same of links, which are in force and stay. */
  readonly links: ReadonlyMap<string, bigint>
}

export async function rowsBeyond(
  clickhouse: ClickHouseClient,
  feed: string,
  partition: number,
  ends: Reach['ends'],
): Promise<Beyond> {
  const searched = writtenBy(feed).filter((written) => written.searched !== false)
  const tops = [...searched, LINKS].map(
    (written) =>
      `SELECT '${written === LINKS ? 'links' : 'rows'}' AS kind, toString(${written.incarnation}) AS incarnation, max(${written.offset}) + 1 AS top
       FROM ${written.table} WHERE ${condition(written, ends)} GROUP BY incarnation`,
  )
  const result = await clickhouse.query({
    query: `SELECT kind, incarnation, toString(max(top)) AS top FROM (${tops.join(' UNION ALL ')}) GROUP BY kind, incarnation`,
    query_params: parametersOf(feed, partition, ends),
    format: 'JSONEachRow',
  })
  const found = await result.json<{ kind: keyof Beyond; incarnation: string; top: string }>()
  const of = (wanted: keyof Beyond) =>
    new Map(found.filter(({ kind }) => kind === wanted).map(({ incarnation, top }) => [incarnation, BigInt(top)]))
  return { rows: of('rows'), links: of('links') }
}

/**
 * Removes the rows that no tile accounts for, from every table but that of the links, and looks that they are gone.
 *
 * @returns how many were removed
 * @throws Error of ClickHouse; the caller tries again
 */
export async function removeBeyond(
  clickhouse: ClickHouseClient,
  feed: string,
  partition: number,
  ends: Reach['ends'],
): Promise<number> {
  const query_params = parametersOf(feed, partition, ends)
  let removed = 0
  for (const written of writtenBy(feed)) {
    const where = condition(written, ends)
    const count = async () => {
      const query = `SELECT toString(count()) AS n FROM ${written.table} WHERE ${where}`
      const result = await clickhouse.query({ query, query_params, format: 'JSONEachRow' })
      return Number((await result.json<{ n: string }>())[0]?.n)
    }
    const present = await count()
    if (present === 0) continue
    await clickhouse.command({
      query: `ALTER TABLE ${written.table} DELETE WHERE ${where}`,
      query_params,
      // Waits for the end, on all replicas.
      clickhouse_settings: { mutations_sync: '2' },
    })
    if ((await count()) > 0) throw new Error(`rows of ${written.table} that no tile accounts for could not be removed`)
    removed += present
  }
  return removed
}

function condition({ incarnation, partition, offset, feed }: Written, ends: Reach['ends']): string {
  const known = [...ends.keys()].map((_, i) => `(${incarnation} = {i${i}:String} AND ${offset} >= {e${i}:UInt64})`)
  const beyond = [...known, `${incarnation} NOT IN {known:Array(String)}`].join(' OR ')
  return `${feed === undefined ? '' : `${feed} = {feed:String} AND `}${partition} = {partition:UInt32} AND (${beyond})`
}

function parametersOf(feed: string, partition: number, ends: Reach['ends']): Record<string, unknown> {
  const params: Record<string, unknown> = { feed, partition, known: [...ends.keys()] }
  for (const [i, [incarnation, end]] of [...ends].entries()) {
    params[`i${i}`] = incarnation
    params[`e${i}`] = atLeast(incarnation, end).toString()
  }
  return params
}

function atLeast(incarnation: string, end: bigint): bigint {
  const first = firstOriginOf(incarnation)
  return end > first ? end : first
}
