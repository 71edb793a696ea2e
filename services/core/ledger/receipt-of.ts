/**
 * The receipt of a record, and its index in that request, from the record's place in the log: what a sender knows it by. The other way round than
 * `GET /v1/receipts/{id}`. Each place is found by primary keys alone (schemas/clickhouse/0010_failures.sql).
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { literal } from '../contract/table.ts'
import { receiptIdOf } from '../gateway-api/receipt-id.ts'

export interface OriginPlace {
  readonly feed: string
  /** With or without the truncations that it names. */
  readonly incarnation: string
  readonly partition: number
  /** Decimal digits. */
  readonly offset: string
  /** When the record was received, microseconds in decimal digits; another record at the same place has another one. */
  readonly stamp: string
}

export interface SentAs {
  readonly receiptId: string
  readonly index: number
}

/** Places of one statement: each is a part of a UNION. */
const MAX_PLACES = 100
const TOPIC_ID_LENGTH = 22
const SETTINGS = { max_execution_time: 5, max_query_size: '1048576' }

/**
 * The user of ClickHouse may read `receipt_place`, and of `receipt` where records are.
 *
 * @returns for each place its receipt; undefined when none is known: it is not in ClickHouse yet, lost, or no longer kept
 */
export async function receiptsOf(
  clickhouse: ClickHouseClient,
  places: readonly OriginPlace[],
): Promise<readonly (SentAs | undefined)[]> {
  const found: (SentAs | undefined)[] = []
  for (let from = 0; from < places.length; from += MAX_PLACES)
    found.push(...(await ofSome(clickhouse, places.slice(from, from + MAX_PLACES))))
  return found
}

async function ofSome(
  clickhouse: ClickHouseClient,
  places: readonly OriginPlace[],
): Promise<readonly (SentAs | undefined)[]> {
  const ask = async <T>(query: string) =>
    await (await clickhouse.query({ query, format: 'JSONEachRow', clickhouse_settings: SETTINGS })).json<T>()
  const runs = await ask<Run>(
    places
      .map(
        ({ feed, incarnation, partition, offset, stamp }, at) =>
          `SELECT * FROM (SELECT ${at} AS at, toString(p.receipt) AS number, toString(p.from_offset) AS start, p.to_offset AS after,
             p.first_stamp AS first, p.last_stamp AS last FROM receipt_place AS p
           WHERE p.feed = ${literal(feed)} AND p.incarnation = ${literal(incarnation.slice(0, TOPIC_ID_LENGTH))} AND p.partition = ${partition}
             AND p.from_offset <= ${digits(offset)} ORDER BY p.from_offset DESC LIMIT 4)
           WHERE after > ${digits(offset)} AND first <= ${digits(stamp)} AND last >= ${digits(stamp)} LIMIT 1`,
      )
      .join(' UNION ALL '),
  )
  if (runs.length === 0) return places.map(() => undefined)
  const wanted = runs.map(({ number, start, at }) => {
    const place = places[at] as OriginPlace
    const nth = BigInt(place.offset) - BigInt(start) + 1n
    return `SELECT ${at} AS at, hex(r.receipt) AS hex, r.indexes[${nth}] AS index FROM receipt AS r
      WHERE r.receipt = toUInt128('${digits(number)}') AND r.feed = ${literal(place.feed)} AND r.partition = ${place.partition}
        AND r.from_offset = ${digits(start)} AND r.rule = '' LIMIT 1`
  })
  const rows = await ask<{ at: number; hex: string; index: number }>(wanted.join(' UNION ALL '))
  const byPlace = new Map(rows.map(({ at, hex, index }) => [at, { receiptId: receiptIdOf(hex), index }]))
  return places.map((_, at) => byPlace.get(at))
}

interface Run {
  readonly at: number
  /** Of the receipt, and its first offset, in decimal digits. */
  readonly number: string
  readonly start: string
}

/** @returns the same text @throws Error for anything but decimal digits: it goes into a statement as it is */
function digits(text: string): string {
  if (!/^\d+$/.test(text)) throw new Error('a number of ClickHouse has decimal digits')
  return text
}
