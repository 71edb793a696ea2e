/** The blocks of a batch: one per table, under tokens that name the range, so that the same range is never inserted twice. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { Block } from '#core/clickhouse/insert.ts'
import { tableOf } from '#core/contract/names.ts'
import { completeWitness } from '#core/ledger/complete-witness.ts'
import type { BatchOutcome } from './batch-outcome.ts'
import type { RowBuilder } from './rows.ts'
import { insertsEnded } from './statements-ended.ts'

export interface BatchRange {
  readonly feed: string
  /** Incarnation of `identified.<feed>`, in which the origins are counted. */
  readonly incarnation: string
  readonly partition: number
  /** Topic id of `pseudonymised.<feed>`, in which the log offsets are counted. */
  readonly logIncarnation: string
  /** Log offsets of `pseudonymised.<feed>`: first, and one past the last. */
  readonly from: bigint
  readonly to: bigint
  /** Origin offsets: first, and one past the last. The tile of the ledger, and the range in the tokens. */
  readonly originFrom: bigint
  readonly originTo: bigint
  readonly replayed: number
  /** Part of the tokens; see `Intent`. */
  readonly attempt: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** @returns the blocks in the order of insertion: the ledger's is last, so that it never counts a row that is not stored */
export function blocksOf(range: BatchRange, outcome: BatchOutcome, rows: RowBuilder): readonly Block[] {
  const { feed, incarnation, partition } = range
  const params = { feed, incarnation, partition, from: range.originFrom.toString(), to: range.originTo.toString() }
  const ofBatch =
    'feed = {feed:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32} AND from_offset = {from:UInt64}'
  const originsOf = (prefix: string, column: string) =>
    `${prefix}incarnation = {incarnation:String} AND ${prefix}partition = {partition:UInt32} AND ${column} >= {from:UInt64} AND ${column} < {to:UInt64}`
  const block = (
    table: string,
    columns: readonly [string, ...string[]],
    values: readonly (readonly unknown[])[],
    where: string,
    key: readonly string[],
  ): Block => ({
    table,
    columns,
    rows: values,
    token: `${feed}:${incarnation}:${partition}:${range.originFrom}-${range.originTo}:${table}${range.attempt && `:${range.attempt}`}`,
    stored: { where, params, key },
  })
  const ofFeed = block(tableOf(feed), rows.columns, outcome.rows, originsOf('_origin_', '_origin_offset'), [
    '_origin_offset',
  ])
  const inserted = `SELECT toString(offset) FROM origin_loaded WHERE feed = {feed:String} AND ${originsOf('', 'offset')}`
  const complete = (client: ClickHouseClient) =>
    completeWitness(client, { feed, incarnation, partition, from: range.originFrom, to: range.originTo }, () =>
      insertsEnded(client),
    )
  const superseded = { record: 'record_id', version: '_version', inserted, complete }
  const blocks = [
    { ...ofFeed, stored: { ...ofFeed.stored, superseded } },
    block(
      'person_link',
      [
        'patient_id',
        'person_id',
        'method',
        'link_version',
        'cause_feed',
        'cause_incarnation',
        'cause_partition',
        'cause_offset',
        'linked_at',
      ],
      outcome.links.map(({ link, cause }) => [
        link.patientId,
        link.personId,
        link.method,
        link.linkVersion,
        feed,
        incarnation,
        partition,
        cause.toString(),
        link.linkedAt,
      ]),
      `cause_feed = {feed:String} AND ${originsOf('cause_', 'cause_offset')}`,
      ['cause_offset', 'patient_id', 'link_version'],
    ),
    block(
      'quarantine',
      [
        'feed',
        'incarnation',
        'partition',
        'origin_offset',
        'service',
        'stage',
        'fault',
        'pointer',
        'rule',
        'producer',
        'received_at',
        'quarantined_at',
      ],
      outcome.failures.map(({ origin, failed }) => [
        feed,
        incarnation,
        partition,
        origin.toString(),
        failed.foundBy?.service ?? 'curate',
        failed.stage,
        failed.fault,
        failed.details[0].pointer,
        failed.details[0].rule,
        failed.provenance?.producer ?? '',
        failed.provenance?.receivedAt ?? range.now * 1000,
        range.now,
      ]),
      `feed = {feed:String} AND ${originsOf('', 'origin_offset')}`,
      ['origin_offset'],
    ),
    block(
      'rule_outcome',
      [
        'feed',
        'incarnation',
        'partition',
        'from_offset',
        'producer',
        'hour',
        'rule',
        'severity',
        'checked',
        'failed',
        'not_applicable',
      ],
      outcome.rules.map((count) => [
        feed,
        incarnation,
        partition,
        range.originFrom.toString(),
        count.producer,
        count.hour,
        count.rule,
        count.severity,
        count.checked,
        count.failed,
        count.notApplicable,
      ]),
      // One block is one part, stored whole or not at all.
      ofBatch,
      [],
    ),
    block(
      'ledger_batch',
      [
        'feed',
        'incarnation',
        'partition',
        'from_offset',
        'to_offset',
        'loaded',
        'rejected',
        'quarantined',
        'lost',
        'replayed',
        'log_incarnation',
        'log_from',
        'log_to',
        'loaded_at',
      ],
      range.originTo > range.originFrom
        ? [
            [
              feed,
              incarnation,
              partition,
              range.originFrom.toString(),
              range.originTo.toString(),
              outcome.rows.length,
              outcome.rejected,
              outcome.quarantined,
              0,
              range.replayed,
              range.logIncarnation,
              range.from.toString(),
              range.to.toString(),
              range.now,
            ],
          ]
        : [],
      ofBatch,
      [],
    ),
  ]
  return blocks.filter((one) => one.rows.length > 0)
}
