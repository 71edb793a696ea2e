/** Records that were quarantined, rejected by a rule or flagged, by rule: from ClickHouse, which stores them. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { FailureView } from '../snapshot.ts'

interface QuarantineGroup {
  readonly feed: string
  readonly service: 'deidentify' | 'curate'
  /** Name of the step that failed. */
  readonly stage: string
  readonly fault: string
  readonly pointer: string
  readonly rule: string
  readonly total: string
  readonly last_24h: string
  /** Seconds since 1970. */
  readonly last_seen: number
}

/** Failures in one past hour; `hour` 0 is the one that began 23 hours before the current one, 23 the current one. */
interface HourCount {
  readonly key: string
  readonly hour: number
  readonly n: string
}

interface RuleGroup {
  readonly feed: string
  readonly rule: string
  readonly severity: string
  readonly failed: string
  readonly failed_24h: string
  readonly checked_24h: string
  /** Hour in which it last failed, seconds since 1970. */
  readonly last_seen: number
}

export interface FailureTables {
  readonly quarantine: readonly QuarantineGroup[]
  readonly quarantineHours: readonly HourCount[]
  readonly rules: readonly RuleGroup[]
  readonly ruleHours: readonly HourCount[]
}

const HOURS = 24
/** A page cannot show more kinds of failure than this; `clickhouse-client` can. */
const MAX_GROUPS = 200
const QUARANTINE_KEY = "concat(feed, '|', service, '|', stage, '|', fault, '|', pointer, '|', rule)"
const SINCE = 'toStartOfHour(now()) - INTERVAL 23 HOUR'

const QUARANTINE = `
  SELECT feed, service, stage, fault, pointer, rule, toString(count()) AS total,
         toString(countIf(quarantined_at >= now() - INTERVAL 24 HOUR)) AS last_24h,
         toUnixTimestamp(toDateTime(max(quarantined_at))) AS last_seen
  FROM quarantine GROUP BY feed, service, stage, fault, pointer, rule ORDER BY count() DESC LIMIT ${MAX_GROUPS}`
const QUARANTINE_HOURS = `
  SELECT ${QUARANTINE_KEY} AS key, dateDiff('hour', ${SINCE}, toDateTime(quarantined_at)) AS hour, toString(count()) AS n
  FROM quarantine WHERE quarantined_at >= ${SINCE} GROUP BY key, hour`
const RULES = `
  SELECT o.feed AS feed, o.rule AS rule, o.severity AS severity, toString(sum(o.failed)) AS failed,
         toString(sumIf(o.failed, o.hour >= now() - INTERVAL 24 HOUR)) AS failed_24h,
         toString(sumIf(o.checked, o.hour >= now() - INTERVAL 24 HOUR)) AS checked_24h,
         toUnixTimestamp(maxIf(o.hour, o.failed > 0)) AS last_seen
  FROM rule_outcome AS o GROUP BY o.feed, o.rule, o.severity`
const RULE_HOURS = `
  SELECT concat(o.feed, '|', o.rule, '|', o.severity) AS key, dateDiff('hour', ${SINCE}, o.hour) AS hour,
         toString(sum(o.failed)) AS n
  FROM rule_outcome AS o WHERE o.hour >= ${SINCE} AND o.failed > 0 GROUP BY key, o.hour`

/** @throws when ClickHouse does not answer */
export async function readFailureTables(clickhouse: ClickHouseClient): Promise<FailureTables> {
  const rows = async <T>(query: string) => {
    const result = await clickhouse.query({
      query,
      format: 'JSONEachRow',
      clickhouse_settings: { max_execution_time: 10 },
    })
    return await result.json<T>()
  }
  const [quarantine, quarantineHours, rules, ruleHours] = await Promise.all([
    rows<QuarantineGroup>(QUARANTINE),
    rows<HourCount>(QUARANTINE_HOURS),
    rows<RuleGroup>(RULES),
    rows<HourCount>(RULE_HOURS),
  ])
  return { quarantine, quarantineHours, rules, ruleHours }
}

/**
 * A record that a rule of severity reject rejected is in `quarantine` with its field; `rule_outcome` has the number of checked records.
 * The two are shown as one row. Flagged records were loaded and are in `rule_outcome` only.
 */
export function failureViews(tables: FailureTables): readonly FailureView[] {
  const checked = new Map(tables.rules.map((group) => [`${group.feed}|${group.rule}|${group.severity}`, group]))
  const quarantined = tables.quarantine.map((group): FailureView => {
    const byRule = group.fault === 'rule-rejected'
    const counts = byRule ? checked.get(`${group.feed}|${group.rule}|reject`) : undefined
    return {
      // For a record that deidentify rejects, the log has a marker, which the ledger counts as quarantined with any fault.
      outcome: byRule && group.service === 'curate' ? 'rejected-by-rule' : 'quarantined',
      service: group.service,
      stage: group.stage,
      feed: group.feed,
      pointer: group.pointer,
      rule: group.rule || group.fault,
      last_24h: Number(group.last_24h),
      total: Number(group.total),
      total_since: 'ever',
      share_24h: counts ? share(counts) : null,
      last_seen: new Date(group.last_seen * 1000).toISOString(),
      last_seen_to: 'second',
      trend: trendOf(
        tables.quarantineHours,
        `${group.feed}|${group.service}|${group.stage}|${group.fault}|${group.pointer}|${group.rule}`,
      ),
    }
  })
  const flagged = tables.rules
    .filter(({ severity, failed }) => severity === 'flag' && Number(failed) > 0)
    .map(
      (group): FailureView => ({
        outcome: 'flagged',
        service: 'curate',
        stage: '',
        feed: group.feed,
        pointer: '',
        rule: group.rule,
        last_24h: Number(group.failed_24h),
        total: Number(group.failed),
        total_since: 'ever',
        share_24h: share(group),
        last_seen: new Date(group.last_seen * 1000).toISOString(),
        last_seen_to: 'hour',
        trend: trendOf(tables.ruleHours, `${group.feed}|${group.rule}|${group.severity}`),
      }),
    )
  return [...quarantined, ...flagged]
}

function share({ failed_24h, checked_24h }: RuleGroup): number | null {
  const checked = Number(checked_24h)
  return checked > 0 ? Number(failed_24h) / checked : null
}

function trendOf(hours: readonly HourCount[], key: string): readonly number[] {
  const trend = Array.from({ length: HOURS }, () => 0)
  for (const { key: of, hour, n } of hours) if (of === key && hour >= 0 && hour < HOURS) trend[hour] = Number(n)
  return trend
}
