/** What the page shows, as it travels: `GET /api/snapshot` and the events of `GET /api/live`. Counts and names, no value. */
import type { LedgerRow } from '#core/ledger/ledger.ts'

export const SERVICE_NAMES = ['gateway', 'deidentify', 'curate'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]
export const PART_NAMES = ['kafka', 'registry', 'redis', 'clickhouse', ...SERVICE_NAMES, 'console'] as const
export type PartName = (typeof PART_NAMES)[number]

/** How fresh a group of figures is. A figure of a source that is not `live` is never shown as if it were. */
export interface SourceView {
  readonly status: 'live' | 'stale' | 'never'
  /** Seconds since the source last answered; null when it never did. */
  readonly age_seconds: number | null
  /** When it stopped answering, ISO 8601; null while it answers. */
  readonly failing_since: string | null
  /** Why it does not answer, in words; null while it answers. */
  readonly problem: string | null
}

export type SourceName = ServiceName | 'ledger' | 'lag' | 'rules' | 'parts'

export interface Overall {
  readonly kind: 'flowing' | 'idle' | 'waiting' | 'starting' | 'behind' | 'unknown' | 'down' | 'alarm'
  readonly sentence: string
  /** Since when, ISO 8601; null when it has no meaning. */
  readonly since: string | null
}

/** Records per second over the last 5 s (the warehouse: 10 s); null when not known. */
export interface Rates {
  readonly received: number | null
  readonly accepted: number | null
  readonly rejected: number | null
  readonly deidentified: number | null
  readonly curated: number | null
  /** As the ledger sees it in ClickHouse, not as `curate` says. */
  readonly warehouse: number | null
}

export interface LagView {
  readonly records: number | null
  /** Since the first waiting record arrived, in the partition that is most behind. */
  readonly seconds: number | null
}

export interface Quantiles {
  /** Seconds; null when nothing was measured. */
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  /** True when p99 is beyond the histogram's last bound, so "at least". */
  readonly beyond: boolean
  readonly count: number
}

export interface FreshnessView extends Quantiles {
  /** `window`: records of the last 60 s. `start`: all since `curate` or the console started, because the window is empty. */
  readonly basis: 'window' | 'start' | 'none'
  readonly feeds: readonly ({ readonly feed: string; readonly basis: 'window' | 'start' } & Quantiles)[]
}

type Sums = Pick<LedgerRow, 'accepted' | 'loaded' | 'quarantined' | 'rejected' | 'in_flight' | 'gaps' | 'overlaps'>

export interface LedgerFeedView extends Sums {
  readonly feed: string
  readonly partitions: readonly LedgerRow[]
}

export interface LedgerView {
  readonly conserved: boolean
  /** accepted - (loaded + quarantined + rejected + in flight): 0, or records are unaccounted for (or counted twice). */
  readonly difference: number
  readonly total: Sums
  readonly feeds: readonly LedgerFeedView[]
}

export interface RuleView {
  readonly outcome: 'rejected-at-gateway' | 'quarantined' | 'rejected-by-rule' | 'flagged'
  readonly stage: string
  readonly feed: string
  /** JSON pointer of the field; empty for the whole record. */
  readonly pointer: string
  readonly rule: string
  readonly last_24h: number | null
  readonly total: number
  /** The gateway's counters begin with the process; what stands in ClickHouse is for ever. */
  readonly total_since: 'ever' | 'start'
  /** Share of the checked records, 24 h, 0 to 1; null when not counted. */
  readonly share_24h: number | null
  readonly last_seen: string | null
  /** `hour`: only the hour that begins at `last_seen` is known. */
  readonly last_seen_to: 'second' | 'hour'
  /** Per hour, oldest first, 24 values; null when not counted. */
  readonly trend: readonly number[] | null
}

export type PartState =
  | 'running'
  | 'external'
  | 'starting'
  | 'restarting'
  | 'not-answering'
  | 'failed'
  | 'stopped'
  | 'unknown'

export interface PartView {
  readonly name: PartName
  readonly state: PartState
  readonly since: string | null
  readonly pid: number | null
  readonly url: string | null
  /** Null where no supervisor counts them. */
  readonly restarts: number | null
  readonly memory_bytes: number | null
  readonly message: string
}

export interface AlarmView {
  readonly id: string
  readonly source: string
  readonly code: string
  readonly feed: string | null
  readonly partition: number | null
  readonly message: string
  readonly since: string
}

/** One second of the charts. */
export interface HistoryPoint {
  /** Seconds since 1970. */
  readonly t: number
  readonly accepted: number | null
  readonly deidentified: number | null
  readonly loaded: number | null
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

export interface Snapshot {
  readonly now: string
  /** When the console started, ISO 8601: another value means that it was restarted. */
  readonly started_at: string
  /** Of the page's own files: another value means that the page must be loaded anew. */
  readonly version: string
  readonly gateway_url: string
  readonly overall: Overall
  readonly sources: Readonly<Record<SourceName, SourceView>>
  readonly rates: Rates
  readonly received_by_feed: readonly { readonly feed: string; readonly rate: number | null }[]
  /** Rejected at the gateway, never accepted: not in the ledger. Null while the gateway was never seen. */
  readonly gateway_rejected_total: number | null
  readonly gateway_inflight_bytes: number | null
  readonly lag: { readonly deidentify: LagView; readonly curate: LagView }
  readonly freshness: FreshnessView
  readonly ledger: LedgerView | null
  /** Records are in flight and none was settled since then, ISO 8601; null while they move or none waits. */
  readonly stalled_since: string | null
  readonly rules: readonly RuleView[] | null
  readonly parts: readonly PartView[]
  readonly alarms: readonly AlarmView[]
  /** Nothing was ever accepted. */
  readonly empty: boolean
  readonly point: HistoryPoint
}
