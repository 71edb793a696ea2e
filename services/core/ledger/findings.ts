/**
 * Findings: what the ledger, a worker or the witness found wrong, kept until an operator closes it. Figures that turn green again do
 * not close a finding, because nobody knows yet what happened. A finding's id is made of what it is about, so that any process may
 * open it again, any number of times, and it is one row of the table `finding`.
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { type AlarmCode, asAlarmCode } from '../faults/codes.ts'
import type { Alarm } from '../telemetry/alarms.ts'

/** The origins that a finding is about. */
export interface FindingRange {
  readonly feed: string
  /** Topic id of `identified.<feed>`. */
  readonly incarnation: string
  readonly partition: number
  /** First origin offset. */
  readonly from: bigint
  /** One past the last origin offset. */
  readonly to: bigint
}

export interface Finding extends FindingRange {
  readonly code: AlarmCode
  /** Names feed, partition, offsets and counts; never a value of a record. */
  readonly message: string
}

export interface KeptFinding extends Finding {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly openedAt: string
  /** Null while it is open. */
  readonly closedAt: string | null
  readonly closedBy: string
  readonly reason: string
}

/** @returns `<code>:<feed>:<incarnation>:<partition>:<from>-<to>`; the end is exclusive */
export function findingId({
  code,
  feed,
  incarnation,
  partition,
  from,
  to,
}: FindingRange & { code: AlarmCode }): string {
  return `${code}:${feed}:${incarnation}:${partition}:${from}-${to}`
}

/** Versions of a finding's row: closing wins over opening, in whatever order two processes write. */
const OPENED = 1
const CLOSED = 2

const COLUMNS = `finding_id, code, feed, incarnation, partition, toString(from_offset) AS from, toString(to_offset) AS to, message,
  toString(opened_at) AS opened, toString(closed_at) AS closed, closed_by, reason`

/**
 * Opens what is not in the table yet. A finding that an operator closed stays closed: it was about the same origins.
 *
 * @param now milliseconds since 1970
 * @returns the findings that were not known before
 */
export async function openFindings(
  clickhouse: ClickHouseClient,
  findings: readonly Finding[],
  now: number,
): Promise<readonly Finding[]> {
  if (findings.length === 0) return []
  const ids = findings.map(findingId)
  const result = await clickhouse.query({
    query: 'SELECT finding_id FROM finding WHERE finding_id IN {ids:Array(String)}',
    query_params: { ids },
    format: 'JSONEachRow',
  })
  const known = new Set((await result.json<{ finding_id: string }>()).map((row) => row.finding_id))
  const fresh = findings.filter((finding) => !known.has(findingId(finding)))
  if (fresh.length === 0) return []
  await clickhouse.insert({
    table: 'finding',
    values: fresh.map((finding) => ({
      finding_id: findingId(finding),
      code: finding.code,
      feed: finding.feed,
      incarnation: finding.incarnation,
      partition: finding.partition,
      from_offset: finding.from.toString(),
      to_offset: finding.to.toString(),
      message: finding.message,
      opened_at: now,
      closed_at: null,
      closed_by: '',
      reason: '',
      version: OPENED,
    })),
    format: 'JSONEachRow',
  })
  return fresh
}

/** @returns oldest first */
export async function listFindings(
  clickhouse: ClickHouseClient,
  which: 'open' | 'all' = 'open',
): Promise<readonly KeptFinding[]> {
  const condition = which === 'open' ? 'WHERE isNull(closed_at)' : ''
  const result = await clickhouse.query({
    query: `SELECT ${COLUMNS} FROM finding FINAL ${condition} ORDER BY opened_at, finding_id`,
    format: 'JSONEachRow',
  })
  return (await result.json<StoredFinding>()).map(keptFinding)
}

/**
 * @param closing who closes it, and why
 * @param now milliseconds since 1970
 * @returns the finding as it was; undefined when there is none with this id or an operator closed it before
 */
export async function closeFinding(
  clickhouse: ClickHouseClient,
  id: string,
  closing: { readonly by: string; readonly reason: string },
  now: number,
): Promise<KeptFinding | undefined> {
  const finding = (await listFindings(clickhouse)).find((one) => one.id === id)
  if (!finding) return undefined
  await clickhouse.command({
    query: `INSERT INTO finding SELECT finding_id, code, feed, incarnation, partition, from_offset, to_offset, message, opened_at,
              fromUnixTimestamp64Milli({now:Int64}, 'UTC'), {by:String}, {reason:String}, ${CLOSED}
            FROM finding FINAL WHERE finding_id = {id:String}`,
    query_params: { id, now, by: closing.by, reason: closing.reason },
  })
  return finding
}

/** @returns the alarm that shows an open finding; its id names the finding */
export function findingAlarm(finding: KeptFinding): Omit<Alarm, 'since'> {
  return {
    id: `finding:${finding.id}`,
    code: finding.code,
    feed: finding.feed,
    partition: finding.partition,
    message: `${finding.message} (since ${finding.openedAt}; until it is closed: chainon finding close '${finding.id}' --reason ...)`,
  }
}

interface StoredFinding {
  readonly finding_id: string
  readonly code: string
  readonly feed: string
  readonly incarnation: string
  readonly partition: number
  readonly from: string
  readonly to: string
  readonly message: string
  readonly opened: string
  readonly closed: string | null
  readonly closed_by: string
  readonly reason: string
}

function keptFinding(row: StoredFinding): KeptFinding {
  return {
    id: row.finding_id,
    code: asAlarmCode(row.code) ?? 'finding',
    feed: row.feed,
    incarnation: row.incarnation,
    partition: row.partition,
    from: BigInt(row.from),
    to: BigInt(row.to),
    message: row.message,
    openedAt: isoTime(row.opened),
    closedAt: row.closed === null ? null : isoTime(row.closed),
    closedBy: row.closed_by,
    reason: row.reason,
  }
}

/** @param text `2026-01-02 03:04:05.678`, UTC */
function isoTime(text: string): string {
  return `${text.replace(' ', 'T')}Z`
}
