/** The blocks of a batch: one per table, under tokens that name the range, so that the same range is never inserted twice. */
import type { Block } from '#core/clickhouse/insert.ts'
import { tableOf } from '#core/contract/names.ts'
import type { BatchOutcome } from './batch-outcome.ts'
import type { RowBuilder } from './rows.ts'

export interface BatchRange {
  readonly feed: string
  readonly partition: number
  /** Log offsets of `pseudonymised.<feed>`: first, and one past the last. The tokens contain this range. */
  readonly from: bigint
  readonly to: bigint
  /** Origin offsets: first, and one past the last. The tile of the ledger. */
  readonly originFrom: bigint
  readonly originTo: bigint
  readonly replayed: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** @returns the blocks in the order of insertion: the ledger's is last, so that it never counts a row that is not stored */
export function blocksOf(range: BatchRange, outcome: BatchOutcome, rows: RowBuilder): readonly Block[] {
  const { feed, partition } = range
  const token = (table: string) => `${feed}:${partition}:${range.from}-${range.to}:${table}`
  const block = (
    table: string,
    columns: readonly [string, ...string[]],
    values: readonly (readonly unknown[])[],
  ): Block => ({
    table,
    columns,
    rows: values,
    token: token(table),
  })
  const blocks = [
    block(tableOf(feed), rows.columns, outcome.rows),
    block(
      'person_link',
      [
        'patient_id',
        'person_id',
        'method',
        'link_version',
        'cause_feed',
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
        partition,
        cause.toString(),
        link.linkedAt,
      ]),
    ),
    block(
      'quarantine',
      [
        'feed',
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
        partition,
        origin.toString(),
        failed.foundBy?.service ?? 'curate',
        failed.stage,
        failed.fault,
        failed.details[0].pointer,
        failed.details[0].rule,
        failed.provenance?.producer ?? '',
        failed.provenance?.receivedAt ?? range.now,
        range.now,
      ]),
    ),
    block(
      'rule_outcome',
      ['feed', 'producer', 'hour', 'rule', 'severity', 'checked', 'failed', 'not_applicable'],
      outcome.rules.map((count) => [
        feed,
        count.producer,
        count.hour,
        count.rule,
        count.severity,
        count.checked,
        count.failed,
        count.notApplicable,
      ]),
    ),
    block(
      'ledger_batch',
      [
        'feed',
        'partition',
        'from_offset',
        'to_offset',
        'loaded',
        'rejected',
        'quarantined',
        'replayed',
        'log_from',
        'log_to',
        'loaded_at',
      ],
      range.originTo > range.originFrom
        ? [
            [
              feed,
              partition,
              range.originFrom.toString(),
              range.originTo.toString(),
              outcome.rows.length,
              outcome.rejected,
              outcome.quarantined,
              range.replayed,
              range.from.toString(),
              range.to.toString(),
              range.now,
            ],
          ]
        : [],
    ),
  ]
  return blocks.filter((one) => one.rows.length > 0)
}
