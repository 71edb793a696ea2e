/**
 * A receipt as rows of the table `receipt`: one for each run of records that are next to each other in the log, one for each rule and field
 * for which records were refused, and one with the number of refused records for each rule. Pure.
 */
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import type { Batch } from '../ingest/batch.ts'

/** The columns of `receipt`, in the order of the values of a row. */
export const RECEIPT_COLUMNS = [
  'receipt',
  'producer',
  'received_at',
  'expires_at',
  'feed',
  'incarnation',
  'partition',
  'from_offset',
  'indexes',
  'records',
  'first_stamp',
  'last_stamp',
  'rule',
  'pointer',
  'refused',
] as const

export interface ReceiptOf {
  /** As ClickHouse stores it. */
  readonly number: string
  readonly producer: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly expiresAt: number
}

export interface RowSettings {
  /** @returns the id of the feed's topic; undefined when it is not known */
  readonly topicId: (feed: string) => string | undefined
  /** @returns true for a JSON pointer of a field of the feed: another one is a name that the sender has chosen, and is not stored */
  readonly isField: (feed: string, pointer: string) => boolean
}

/** A batch is read by nothing else of it. */
export type BatchOutcome = Pick<Batch, 'runs' | 'stamps' | 'errors' | 'rejections'>

/**
 * @param feed of errors that do not name theirs
 * @param resumed true when the refusals were noted with an earlier attempt
 * @returns lines of JSONCompactEachRow, each with its end
 */
export function receiptLines(
  receipt: ReceiptOf,
  batch: BatchOutcome,
  feed: string,
  resumed: boolean,
  settings: RowSettings,
): readonly string[] {
  const times = [Math.trunc(receipt.at / 1000), Math.ceil(receipt.expiresAt / 1000)]
  const head = [receipt.number, receipt.producer, ...times]
  const stamps = [batch.stamps.first, batch.stamps.last]
  const lines: string[] = []
  const line = (...values: readonly unknown[]) => void lines.push(`${JSON.stringify([...head, ...values])}\n`)
  for (const { feed: of, partition, offset, indexes, recordHashes } of batch.runs) {
    // Without an offset, or without the topic's id, nothing can be looked up: the records are accepted, and no more is known.
    const incarnation = offset === undefined ? '' : (settings.topicId(of) ?? '')
    line(of, incarnation, partition, (offset ?? 0n).toString(), indexes, recordHashes, ...stamps, '', '', 0)
  }
  if (resumed) return lines
  for (const { of, pointer, rule, indexes } of refusals(batch.errors, feed, settings))
    line(of, '', 0, '0', indexes, [], 0, 0, rule, pointer, 0)
  for (const { feed: of, rule, count } of batch.rejections.values())
    line(of || feed, '', 0, '0', [], [], 0, 0, rule, '', count)
  return lines
}

interface Refusal {
  readonly of: string
  readonly pointer: string
  readonly rule: string
  readonly indexes: number[]
}

function refusals(errors: readonly RecordError[], feed: string, { isField }: RowSettings): Iterable<Refusal> {
  const found = new Map<string, Refusal>()
  for (const error of errors) {
    const { index, rule, feed: of = feed } = error
    const pointer = isField(of, error.pointer) ? error.pointer : ''
    const name = `${of} ${rule} ${pointer}`
    const known = found.get(name)
    if (known) known.indexes.push(index)
    else found.set(name, { of, pointer, rule, indexes: [index] })
  }
  return found.values()
}
