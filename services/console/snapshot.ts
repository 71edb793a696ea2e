/**
 * The figures of the page, as `GET /api/snapshot` and the events of `GET /api/live` send them: counts and names, never a value
 * of a record. The schemas are the only definition: the types of both ends, the serialiser and the API's document come from them.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { LEDGER_COUNTS, LedgerRowSchema } from '#core/ledger/row.ts'
import { PROCESS_NAMES } from '#core/process/state-file.ts'
import { QUANTILES } from '#core/telemetry/quantiles.ts'

/** A snapshot does not change after it is built. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T

export const SERVICE_NAMES = ['gateway', 'deidentify', 'linker', 'curate'] as const
export const COMPONENT_NAMES = PROCESS_NAMES
export const SOURCE_NAMES = [...SERVICE_NAMES, 'ledger', 'lag', 'failures', 'components'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]
export type ComponentName = (typeof COMPONENT_NAMES)[number]
export type SourceName = (typeof SOURCE_NAMES)[number]

const nullable = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description })
const list = <Schema extends TSchema>(items: Schema, options: { readonly description?: string } = {}) =>
  Type.Immutable(Type.Array(items, options))
const time = (description: string) => Type.String({ format: 'date-time', description })
const timeOrNull = (description: string) => nullable(Type.String({ format: 'date-time' }), description)
const perSecond = (description: string) => nullable(Type.Number({ minimum: 0 }), description)
const whole = (description: string) => Type.Integer({ minimum: 0, description })
const wholeOrNull = (description: string) => nullable(Type.Integer({ minimum: 0 }), description)

const SourceView = Type.Object(
  {
    status: Type.Enum(['live', 'stale', 'never']),
    age_seconds: nullable(
      Type.Number(),
      'Staleness: seconds since the source last answered; null when it never answered.',
    ),
    failing_since: timeOrNull('When it stopped answering; null while it answers.'),
    problem: nullable(Type.String(), 'Why it does not answer; null while it answers.'),
  },
  { description: 'Staleness of a group of figures. Figures of a source that is not live are not shown as current.' },
)

const Overall = Type.Object(
  {
    kind: Type.Enum(['flowing', 'idle', 'waiting', 'starting', 'behind', 'unknown', 'down', 'alarm']),
    sentence: Type.String(),
    since: timeOrNull('Since when it is in this state; null when not known.'),
  },
  { description: 'The state of the whole system in one sentence, the most serious problem first.' },
)

const Rates = Type.Object(
  {
    received: perSecond('Records that reached the gateway.'),
    accepted: perSecond('Records that the gateway accepted.'),
    rejected: perSecond('Records that the gateway rejected.'),
    deidentified: perSecond('Records that deidentify processed.'),
    curated: perSecond('Records that curate processed.'),
    warehouse: perSecond('Records that were added to ClickHouse, from the ledger, not from curate.'),
  },
  { description: 'Records per second over the last 5 s (warehouse: 10 s); null when not known.' },
)

const LagView = Type.Object({
  records: wholeOrNull('Records that wait before the service; null when not known.'),
  seconds: nullable(
    Type.Number({ minimum: 0 }),
    'Seconds since the first waiting record arrived, in the partition that is most behind; null when not known.',
  ),
})

const FreshnessView = Type.Object(
  {
    ...QUANTILES,
    basis: Type.Enum(['window', 'start', 'none'], {
      description:
        'window: records of the last 60 s. start: all since curate or the console started, because the window is empty.',
    }),
    feeds: list(Type.Object({ ...QUANTILES, feed: Type.String(), basis: Type.Enum(['window', 'start']) })),
  },
  { description: 'Seconds from the 202 of the gateway to queryable in ClickHouse.' },
)

const LedgerView = Type.Object({
  balanced: Type.Boolean({ description: 'True when every accepted record is accounted for exactly once.' }),
  unexplained: whole(
    'Records by which the sum accepted = loaded + quarantined + rejected + lost + in_flight is wrong without a gap or an overlap; must be 0.',
  ),
  total: Type.Object(LEDGER_COUNTS),
  feeds: list(Type.Object({ feed: Type.String(), ...LEDGER_COUNTS, partitions: list(LedgerRowSchema) })),
})

const FailureView = Type.Object(
  {
    outcome: Type.Enum(['rejected-at-gateway', 'quarantined', 'rejected-by-rule', 'flagged']),
    service: Type.Enum([...SERVICE_NAMES]),
    stage: Type.String({ description: 'Name of the step that failed; empty where it is not recorded.' }),
    feed: Type.String(),
    pointer: Type.String({ description: 'JSON pointer of the field; empty for the whole record.' }),
    rule: Type.String({ description: 'Name of the rule, or code of the fault where there is no rule.' }),
    last_24h: wholeOrNull('Records in the last 24 h; null when not counted.'),
    total: whole('The field total_since says from when it is counted.'),
    total_since: Type.Enum(['ever', 'start'], {
      description: 'start: since the gateway or the console started. ever: everything that is stored in ClickHouse.',
    }),
    share_24h: nullable(Type.Number(), 'Share of the checked records in the last 24 h, 0 to 1; null when not counted.'),
    last_seen: timeOrNull('When it last happened; null when it has not happened since the console started.'),
    last_seen_to: Type.Enum(['second', 'hour'], {
      description: 'second: last_seen is exact. hour: it happened in the hour that begins at last_seen.',
    }),
    trend: nullable(list(Type.Integer()), 'Per hour, oldest first, 24 values; null when not counted.'),
  },
  { description: 'Records that were rejected, quarantined or flagged for the same reason.' },
)

const ComponentView = Type.Object({
  name: Type.Enum([...COMPONENT_NAMES]),
  state: Type.Enum(['running', 'external', 'starting', 'restarting', 'not-answering', 'failed', 'stopped', 'unknown']),
  since: timeOrNull('Since when it is in this state; null when not known.'),
  pid: wholeOrNull('Process id; null when no supervisor of this machine started it.'),
  url: nullable(Type.String(), 'Without user and password.'),
  restarts: wholeOrNull('Restarts by the supervisor; null when no supervisor counts them.'),
  memory_bytes: wholeOrNull('Resident memory; null when not known.'),
  message: Type.String(),
})

const AlarmView = Type.Object({
  id: Type.String(),
  source: Type.String({ description: 'The service that raised it, or `components`.' }),
  code: Type.String(),
  feed: nullable(Type.String(), 'Null when it does not concern one feed.'),
  partition: wholeOrNull('Null when it does not concern one partition.'),
  message: Type.String(),
  since: time('When it was raised.'),
})

const HistoryPoint = Type.Object(
  {
    t: Type.Integer({ description: 'Seconds since 1970.' }),
    accepted: perSecond('Records that the gateway accepted.'),
    deidentified: perSecond('Records that deidentify processed.'),
    loaded: perSecond('Records that curate processed.'),
    p50: nullable(Type.Number(), 'p50 of freshness in seconds, last 60 s; null when nothing was measured.'),
    p95: nullable(Type.Number(), 'p95 of freshness.'),
    p99: nullable(Type.Number(), 'p99 of freshness.'),
  },
  { description: 'One second of the charts.' },
)

export const SnapshotSchema = Type.Object({
  now: time('When the snapshot was built.'),
  started_at: time('When the console started: another value means that it was restarted.'),
  version: Type.String({
    description: "Version of the page's own files: another value means that the page must be reloaded.",
  }),
  gateway_url: Type.String(),
  overall: Overall,
  sources: Type.Record(Type.Enum([...SOURCE_NAMES]), SourceView),
  rates: Rates,
  received_by_feed: list(Type.Object({ feed: Type.String(), rate: perSecond('Accepted records per second.') })),
  gateway_rejected_total: wholeOrNull(
    'Records that the gateway rejected. They were not accepted, so they are not in the ledger. Null until the gateway answers once.',
  ),
  gateway_inflight_bytes: wholeOrNull('Bytes of the requests that the gateway processes now; null when not known.'),
  lag: Type.Object({ deidentify: LagView, curate: LagView }),
  freshness: FreshnessView,
  ledger: nullable(LedgerView, 'Null until the ledger is read once.'),
  stalled_since: timeOrNull(
    'Records are in flight and none has had an outcome since then; null while they make progress.',
  ),
  failures: nullable(list(FailureView), 'Null until they are read once.'),
  components: list(ComponentView),
  alarms: list(AlarmView, { description: 'Newest first.' }),
  empty: Type.Boolean({ description: 'True when no record was ever received.' }),
  point: HistoryPoint,
})

/** The first event of `GET /api/live`. */
const HelloSchema = Type.Object({
  history: list(HistoryPoint, { description: 'The last ten minutes, oldest first.' }),
  snapshot: SnapshotSchema,
})

export type Snapshot = Frozen<Static<typeof SnapshotSchema>>
export type Hello = Frozen<Static<typeof HelloSchema>>
export type SourceView = Snapshot['sources'][SourceName]
export type Overall = Snapshot['overall']
export type Rates = Snapshot['rates']
export type LagView = Snapshot['lag']['curate']
export type FreshnessView = Snapshot['freshness']
export type LedgerView = NonNullable<Snapshot['ledger']>
export type FailureView = NonNullable<Snapshot['failures']>[number]
export type ComponentView = Snapshot['components'][number]
export type ComponentState = ComponentView['state']
export type AlarmView = Snapshot['alarms'][number]
export type HistoryPoint = Snapshot['point']
