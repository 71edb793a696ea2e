/** A stored receipt as its records, and the part of them that is asked for. Pure. */
import type { Place } from './places.ts'

/** A row of `receipt`; numbers of 64 bits are texts. */
export interface StoredRow {
  readonly feed: string
  readonly incarnation: string
  readonly partition: number
  readonly from: string
  readonly indexes: readonly number[]
  readonly records: readonly number[]
  readonly first: string
  readonly last: string
  readonly rule: string
  readonly pointer: string
  readonly refused: number
}

export interface AcceptedRecord {
  readonly kind: 'accepted'
  readonly index: number
  readonly feed: string
  /** Undefined when it is not known. */
  readonly at: Place | undefined
  /** The stamps of the request: of another record at the same place the stamp is another. */
  readonly first: bigint
  readonly last: bigint
}

export interface RefusedRecord {
  readonly kind: 'refused'
  readonly index: number
  readonly feed: string
  readonly rule: string
  readonly pointer: string
}

export type ReceiptRecord = AcceptedRecord | RefusedRecord

export interface Asked {
  /** Indexes from this one. */
  readonly from: number
  /** The index of the last one is complete. */
  readonly limit: number
  readonly index?: number
  /** Hash of the record's id in a feed. */
  readonly hashIn?: (feed: string) => number | undefined
}

export interface Page {
  readonly accepted: number
  readonly refused: number
  readonly records: readonly ReceiptRecord[]
  /** Index of the next record. */
  readonly next: number | undefined
}

/** @param rows all of the receipt */
export function pageOf(rows: readonly StoredRow[], asked: Asked): Page {
  const { hashIn } = asked
  const matches = (index: number) => index >= asked.from && (asked.index === undefined || index === asked.index)
  const found: ReceiptRecord[] = []
  let accepted = 0
  let refused = 0
  for (const row of rows) {
    refused += row.refused
    if (row.rule === '') accepted += row.indexes.length
    const hash = hashIn?.(row.feed)
    for (const [i, index] of row.indexes.entries()) {
      if (!matches(index) || (hashIn && row.records[i] !== hash)) continue
      found.push(row.rule === '' ? acceptedOf(row, index, i) : refusedOf(row, index))
    }
  }
  found.sort((a, b) => a.index - b.index)
  const last = found[asked.limit - 1]?.index
  const end = last === undefined ? -1 : found.findIndex(({ index }) => index > last)
  return end === -1
    ? { accepted, refused, records: found, next: undefined }
    : { accepted, refused, records: found.slice(0, end), next: found[end]?.index }
}

function acceptedOf(row: StoredRow, index: number, i: number): AcceptedRecord {
  const { feed, incarnation: topicId, partition } = row
  const at = topicId === '' ? undefined : { feed, topicId, partition, offset: BigInt(row.from) + BigInt(i) }
  return { kind: 'accepted', index, feed, at, first: BigInt(row.first), last: BigInt(row.last) }
}

function refusedOf({ feed, rule, pointer }: StoredRow, index: number): RefusedRecord {
  return { kind: 'refused', index, feed, rule, pointer }
}
