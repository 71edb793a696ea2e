/**
 * What ClickHouse has of a range of origins: each must have been inserted once, into the table of its feed or into the quarantine.
 * Counted in `origin_loaded` and `origin_quarantined`, which ClickHouse writes itself with each insert: a row of a feed's table may have
 * been superseded since, but its insert stays counted.
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { completeQuarantined, completeWitness } from './complete-witness.ts'
import type { Finding } from './findings.ts'
import { inRange, type OriginRange } from './origin-range.ts'
import type { Place, Run } from './tiles.ts'

export interface OriginCount {
  readonly rows: number
  readonly distinct: number
}

/** Queries of this many ranges each: a reading of 500 partitions does not become one query of unlimited length. */
const RANGES_PER_QUERY = 200

/**
 * @param table where to count
 * @param what `rows` reads the index only, where a range covers whole granules; `distinct` counts each origin once, too
 * @param more a further condition
 * @returns one count for each range, in their order; `distinct` is 0 when it was not asked for
 */
export async function countOrigins(
  clickhouse: ClickHouseClient,
  table: 'origin_loaded' | 'origin_quarantined',
  ranges: readonly OriginRange[],
  what: 'rows' | 'distinct',
  more = '1',
): Promise<readonly OriginCount[]> {
  const counts: OriginCount[] = []
  for (let at = 0; at < ranges.length; at += RANGES_PER_QUERY) {
    const some = ranges.slice(at, at + RANGES_PER_QUERY)
    const distinct = what === 'distinct' ? 'uniqExact(offset)' : '0'
    const result = await clickhouse.query({
      query: some
        .map(
          (range, i) =>
            `SELECT ${i} AS i, count() AS rows, toUInt64(${distinct}) AS distinct FROM ${table} WHERE ${inRange(range)} AND ${more}`,
        )
        .join(' UNION ALL '),
      format: 'JSONEachRow',
    })
    const found = new Map(
      (await result.json<{ i: number; rows: string; distinct: string }>()).map((row) => [row.i, row]),
    )
    for (const i of some.keys()) {
      const row = found.get(i)
      counts.push({ rows: Number(row?.rows ?? 0), distinct: Number(row?.distinct ?? 0) })
    }
  }
  return counts
}

/** @returns true when ClickHouse has each origin of the run once, where its tiles say; one count for each run */
export async function verifyRuns(
  clickhouse: ClickHouseClient,
  runs: readonly (Place & Run)[],
): Promise<readonly boolean[]> {
  const loaded = await countOrigins(clickhouse, 'origin_loaded', runs, 'distinct')
  const quarantined = await countOrigins(clickhouse, 'origin_quarantined', runs, 'distinct')
  return runs.map((run, i) => {
    const inTable = loaded[i]
    const failed = quarantined[i]
    return (
      inTable?.rows === run.loaded &&
      inTable.distinct === run.loaded &&
      failed?.rows === run.rejected + run.quarantined &&
      failed.distinct === failed.rows
    )
  })
}

/**
 * Looks closely at a run that does not verify. ClickHouse may have been killed between a table and its view: rows that the view does not have
 * are added to the view's table first.
 *
 * @returns what is wrong, with the first and last origin; nothing when the view's table was all that was incomplete
 */
export async function examine(clickhouse: ClickHouseClient, run: Place & Run): Promise<readonly Finding[]> {
  await completeWitness(clickhouse, run)
  if (run.rejected + run.quarantined > 0) await completeQuarantined(clickhouse, run)
  const origins = `SELECT offset, 1 AS loaded, 0 AS quarantined FROM origin_loaded WHERE ${inRange(run)}
    UNION ALL SELECT offset, 0 AS loaded, 1 AS quarantined FROM origin_quarantined WHERE ${inRange(run)}
    UNION ALL SELECT number AS offset, 0 AS loaded, 0 AS quarantined FROM numbers(${run.from}, ${run.to - run.from})`
  const result = await clickhouse.query({
    query: `SELECT countIf(n = 0) AS missing, minIf(offset, n = 0) AS missing_from, maxIf(offset, n = 0) AS missing_to,
              sumIf(n - 1, n > 1) AS surplus, minIf(offset, n > 1) AS surplus_from, maxIf(offset, n > 1) AS surplus_to,
              uniqExactIf(offset, l > 0) AS loaded, uniqExactIf(offset, q > 0) AS quarantined
            FROM (SELECT offset, sum(o.loaded) AS l, sum(o.quarantined) AS q, l + q AS n FROM (${origins}) AS o GROUP BY offset)`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<Record<string, string>>()
  const n = (name: string) => Number(row?.[name] ?? 0)
  const findings: Finding[] = []
  if (n('missing') > run.lost) {
    findings.push(missingRows(run, n('missing') - run.lost, n('missing_from'), n('missing_to') + 1))
  }
  if (n('surplus') > 0) findings.push(surplusRows(run, n('surplus'), n('surplus_from'), n('surplus_to') + 1))
  if (findings.length === 0 && (n('loaded') !== run.loaded || n('quarantined') !== run.rejected + run.quarantined)) {
    findings.push({
      ...placed(run, run.from, run.to),
      code: 'missing-rows',
      message: `The tiles of origins ${run.from} to ${run.to - 1} say ${run.loaded} loaded and ${run.rejected + run.quarantined} rejected or quarantined, and ClickHouse has ${n('loaded')} and ${n('quarantined')}`,
    })
  }
  return findings
}

/** @returns rows that came into a verified range, or went from it, since it was verified */
export async function examineVerified(
  clickhouse: ClickHouseClient,
  range: Place & Run,
  rows: number,
  expected: number,
): Promise<readonly Finding[]> {
  if (rows < expected) return [missingRows(range, expected - rows, range.from, range.to)]
  const result = await clickhouse.query({
    query: `SELECT min(offset) AS first, max(offset) AS last, count() AS n
            FROM (SELECT offset FROM origin_loaded WHERE ${inRange(range)} GROUP BY offset HAVING count() > 1)`,
    format: 'JSONEachRow',
  })
  const [twice] = await result.json<{ first: string; last: string; n: string }>()
  return twice && Number(twice.n) > 0
    ? [surplusRows(range, rows - expected, Number(twice.first), Number(twice.last) + 1)]
    : [surplusRows(range, rows - expected, range.from, range.to)]
}

const rowsText = (n: number) => (n === 1 ? '1 row' : `${n} rows`)

function placed(place: Place, from: number, to: number): Omit<Finding, 'code' | 'message'> {
  const { feed, incarnation, partition } = place
  return { feed, incarnation, partition, from: BigInt(from), to: BigInt(to) }
}

/** @param count how many, of the origins from `from` to before `to` */
export function missingRows(place: Place, count: number, from: number, to: number): Finding {
  return {
    ...placed(place, from, to),
    code: 'missing-rows',
    message: `${rowsText(count)} of origins ${from} to ${to - 1} missing: a batch loaded them, and ClickHouse does not have them`,
  }
}

export function surplusRows(place: Place, count: number, from: number, to: number): Finding {
  return {
    ...placed(place, from, to),
    code: 'surplus-rows',
    message: `${rowsText(count)} of origins ${from} to ${to - 1} more than the batches account for`,
  }
}
