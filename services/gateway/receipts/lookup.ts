/**
 * Asks ClickHouse for a receipt and for what it has at the places of its records. Every question is bounded by the records of a page, and answered
 * by a primary key: no table of a feed is read.
 */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { literal } from '#core/contract/table.ts'
import type { AcceptedRecord, StoredRow } from './page.ts'
import { atPlaces, byPartition, inPartition, keyOf, keyOfRow, type Place, type PlacedRow } from './places.ts'
import type { Known, LoadedRow, QuarantinedRow } from './states.ts'

export interface ReceiptStore {
  /** @param number of the receipt, in decimal digits @returns its rows; none when it is not of the producer */
  rows(number: string, producer: string): Promise<readonly StoredRow[]>
  /** @returns what is known of the records */
  known(records: readonly AcceptedRecord[]): Promise<Known>
  /** @returns what was accepted and refused of the producer's records since an hour began */
  volume(producer: string, sinceMs: number): Promise<readonly VolumeRow[]>
  /** @returns when the feeds were last loaded, milliseconds since 1970 */
  freshness(feeds: readonly string[]): Promise<ReadonlyMap<string, number>>
}

export interface VolumeRow {
  readonly feed: string
  /** Empty for accepted records. */
  readonly rule: string
  readonly records: number
  /** Milliseconds since 1970. */
  readonly lastAt: number
}

/** A question that takes longer is given up by the server, too. */
const LONGEST_S = 5
/** Conditions of a page: a thousand places are some 30 kB. */
const SETTINGS = { max_execution_time: LONGEST_S, max_query_size: '1048576' }

export function receiptStore(clickhouse: ClickHouseClient): ReceiptStore {
  async function ask<T>(query: string, params: Record<string, unknown> = {}): Promise<readonly T[]> {
    const result = await clickhouse.query({
      query,
      query_params: params,
      format: 'JSONEachRow',
      clickhouse_settings: SETTINGS,
    })
    return await result.json<T>()
  }

  async function loadedAt(places: readonly Place[]): Promise<readonly LoadedAt[]> {
    if (places.length === 0) return []
    return await ask<LoadedAt>(
      `SELECT feed, incarnation, partition, toString(offset) AS offset, toString(prefix) AS prefix, toString(record) AS record,
         toString(version) AS version, deleted FROM record_origin WHERE ${atPlaces(places, 'record_origin.offset')}`,
    )
  }

  /** @returns of each record that the rows name, the version in force */
  async function newestOf(rows: readonly LoadedAt[]): Promise<Known['newest']> {
    if (rows.length === 0) return new Map()
    const names = rows.map(({ feed, prefix, record }) => `(${literal(feed)}, ${literal(prefix)}, ${record})`)
    const newest = await ask<Newest>(
      `SELECT feed, toString(prefix) AS prefix, toString(record) AS record, toString(max(r.version)) AS version,
         argMax(r.incarnation, r.version) AS incarnation, argMax(r.partition, r.version) AS partition, toString(argMax(r.offset, r.version)) AS offset
       FROM record_loaded AS r WHERE (feed, r.prefix, r.record) IN (${names.join()}) GROUP BY feed, r.prefix, r.record`,
    )
    const own = new Set(rows.map((row) => `${nameOf(row)} ${row.version}`))
    const others = newest.filter((row) => !own.has(`${nameOf(row)} ${row.version}`))
    const deletions = new Map((await loadedAt(others.map(placeOf))).map((row) => [keyOfRow(row), row.deleted === 1]))
    return new Map(
      newest.map((row) => [
        nameOf(row),
        { version: BigInt(row.version), deleted: deletions.get(keyOfRow(row)) ?? false },
      ]),
    )
  }

  async function quarantinedAt(places: readonly Place[]): Promise<Known['quarantined']> {
    if (places.length === 0) return new Map()
    // In the order of origins: the table itself is in the order of faults, and is read only when one of the places is in it.
    const failed = await ask<PlacedRow>(
      `SELECT feed, incarnation, partition, toString(offset) AS offset FROM origin_quarantined
       WHERE ${atPlaces(places, 'origin_quarantined.offset')}`,
    )
    if (failed.length === 0) return new Map()
    const rows = await ask<
      PlacedRow & { fault: string; rule: string; pointer: string; producer: string; stamp: string }
    >(
      `SELECT feed, incarnation, partition, toString(origin_offset) AS offset, fault, rule, pointer, producer,
         toString(toUnixTimestamp64Micro(received_at)) AS stamp FROM quarantine WHERE ${atPlaces(failed.map(placeOf), 'origin_offset')}`,
    )
    return new Map(
      rows.map(({ fault, rule, pointer, producer, stamp, ...row }): [string, QuarantinedRow] => [
        keyOfRow(row),
        { fault, rule, pointer, stamp: producer === '' ? undefined : BigInt(stamp) },
      ]),
    )
  }

  async function tilesAt(places: readonly Place[]): Promise<Known['tileOf']> {
    const groups = byPartition(places)
    if (groups.length === 0) return () => undefined
    const queries = groups.map((group, i) => {
      const offsets = group.map(({ offset }) => offset)
      const first = offsets.reduce((a, b) => (a < b ? a : b))
      const last = offsets.reduce((a, b) => (a > b ? a : b))
      const place = inPartition(group[0])
      return `SELECT ${i} AS place, toString(from_offset) AS from, toString(to_offset) AS to, lost > 0 AS is_lost FROM ledger_batch
        WHERE ${place} AND from_offset <= ${last} AND to_offset > ${first}
          AND from_offset >= (SELECT max(from_offset) FROM ledger_batch WHERE ${place} AND from_offset <= ${first})`
    })
    const tiles = await ask<{ place: number; from: string; to: string; is_lost: number }>(queries.join(' UNION ALL '))
    const found = new Map<string, 'settled' | 'lost'>()
    for (const { place, from, to, is_lost: lost } of tiles)
      for (const at of groups[place] ?? [])
        if (at.offset >= BigInt(from) && at.offset < BigInt(to)) found.set(keyOf(at), lost ? 'lost' : 'settled')
    return ({ at }) => (at ? found.get(keyOf(at)) : undefined)
  }

  return {
    rows: (number, producer) =>
      ask<StoredRow>(
        `SELECT feed, incarnation, partition, toString(from_offset) AS from, indexes, arrayMap(x -> toFloat64(x), records) AS records,
           toString(first_stamp) AS first, toString(last_stamp) AS last, rule, pointer, refused
         FROM receipt WHERE receipt = toUInt128({number:String}) AND producer = {producer:String}`,
        { number, producer },
      ),
    async known(records) {
      const places = records.flatMap(({ at }) => (at ? [at] : []))
      const rows = await loadedAt(places)
      const loaded = new Map(
        rows.map((row): [string, LoadedRow] => [keyOfRow(row), { record: nameOf(row), version: BigInt(row.version) }]),
      )
      const others = places.filter((place) => !loaded.has(keyOf(place)))
      const quarantined = await quarantinedAt(others)
      const unsettled = others.filter((place) => !quarantined.has(keyOf(place)))
      const [newest, tileOf] = await Promise.all([newestOf(rows), tilesAt(unsettled)])
      return { loaded, quarantined, newest, tileOf }
    },
    async volume(producer, sinceMs) {
      const rows = await ask<{ feed: string; rule: string; records: string; last: string }>(
        `SELECT feed, rule, toString(sum(h.records)) AS records, toString(toUnixTimestamp(max(h.last_at))) AS last
         FROM producer_hour AS h WHERE producer = {producer:String} AND hour >= toDateTime({since:UInt32}, 'UTC')
         GROUP BY feed, rule ORDER BY feed, rule`,
        { producer, since: Math.trunc(sinceMs / 1000) },
      )
      return rows.map(({ feed, rule, records, last }) => ({
        feed,
        rule,
        records: Number(records),
        lastAt: Number(last) * 1000,
      }))
    },
    async freshness(feeds) {
      const rows = await ask<{ feed: string; at: string }>(
        `SELECT feed, toString(toUnixTimestamp64Milli(max(loaded_at))) AS at FROM ledger_batch
         WHERE feed IN {feeds:Array(String)} AND lost = 0 AND ledger_batch.loaded_at > now64() - toIntervalDay(8) GROUP BY feed`,
        { feeds },
      )
      return new Map(rows.map(({ feed, at }) => [feed, Number(at)]))
    },
  }
}

interface LoadedAt extends PlacedRow {
  readonly prefix: string
  readonly record: string
  readonly version: string
  readonly deleted: number
}

type Newest = Omit<LoadedAt, 'deleted'>

const nameOf = ({ feed, prefix, record }: Newest) => `${feed} ${prefix} ${record}`

/** The incarnation of a row is complete: its places are asked for by it. */
function placeOf({ feed, incarnation, partition, offset }: PlacedRow): Place {
  return { feed, topicId: incarnation, partition, offset: BigInt(offset) }
}
