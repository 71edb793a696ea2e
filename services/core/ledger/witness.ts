/**
 * The witness of the ledger: counts in ClickHouse what the tiles say, compacts what is verified, and opens a finding for what is not
 * there. It may run in several processes at once: what it writes is either idempotent or a row that replaces an equal one.
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { parseIncarnation } from '../kafka/incarnation.ts'
import { type Finding, findingId, listFindings, openFindings } from './findings.ts'
import { countOrigins, examine, examineVerified, surplusRows, verifyRuns } from './origins.ts'
import { breaks } from './reconcile.ts'
import { type Cursor, checkSlice, type EndOf, FIRST_SLICE } from './records.ts'
import {
  compact,
  joined,
  keyOf,
  nothingVerified,
  type Place,
  type PlaceTiles,
  type Run,
  readTiles,
  settle,
  tilesOfPlace,
  type Verified,
} from './tiles.ts'

export interface Witness {
  /**
   * One pass: all tiles that are not verified yet, the counts of those that are, and a slice of the records.
   *
   * @param now milliseconds since 1970
   * @returns the findings that it opened
   * @throws when ClickHouse does not answer
   */
  pass(now: number): Promise<readonly Finding[]>
}

/** A full rotation through n records of all feeds takes n / RECORDS_PER_PASS passes. */
const RECORDS_PER_PASS = 2_000_000
/** A batch in progress has rows and no tile yet. After the deadline of every intent (CHAINON_INTENT_DEADLINE_SECONDS) it never gets one. */
const IN_PROGRESS_SECONDS = 1200

/** @param recordsPerPass records of all feeds that one pass compares; more when there are more with the same first bytes of their id */
export function createWitness(
  clickhouse: ClickHouseClient,
  feeds: readonly string[],
  recordsPerPass = RECORDS_PER_PASS,
): Witness {
  let cursor: Cursor = FIRST_SLICE

  async function checkRecords(endOf: EndOf, now: number): Promise<readonly Finding[]> {
    const opened: Finding[] = []
    // At most one turn through all feeds.
    for (let records = 0, slices = 0; records < recordsPerPass && slices < feeds.length; ) {
      const outcome = await checkSlice(clickhouse, feeds, cursor, recordsPerPass - records, endOf, now)
      opened.push(...outcome.findings)
      records += outcome.records
      if (outcome.next.feed !== cursor.feed) slices++
      cursor = outcome.next.feed < feeds.length ? outcome.next : FIRST_SLICE
    }
    return opened
  }

  return {
    async pass(now) {
      const places = await readTiles(clickhouse)
      const ends = new Map(places.map((place) => [keyOf(place), endOfPlace(place)]))
      const opened = [
        ...(await verifyTiles(clickhouse, places, now)),
        ...(await checkVerified(clickhouse, places, now)),
        ...(await openFindings(
          clickhouse,
          [...places.flatMap(breaksOf), ...(await rowsWithoutTile(clickhouse, places))],
          now,
        )),
        ...(await checkQuarantine(clickhouse, now)),
        ...(await checkRecords((place) => ends.get(keyOf(place)) ?? 0, now)),
      ]
      for (const place of places) if (place.disputed) await settle(clickhouse, place, place.disputed, now)
      return opened
    },
  }
}

const firstOf = ({ incarnation }: Place) => Number(parseIncarnation(incarnation)?.first ?? 0n)
const endOfPlace = (place: PlaceTiles) => Math.max(0, ...tilesOfPlace(place).map(({ to }) => to))
const placeOf = ({ feed, incarnation, partition }: Place): Place => ({ feed, incarnation, partition })

/** Verifies the tiles after the verified range, and compacts them. */
async function verifyTiles(
  clickhouse: ClickHouseClient,
  places: readonly PlaceTiles[],
  now: number,
): Promise<readonly Finding[]> {
  for (const place of places.filter(({ verified, disputed }) => !verified && !disputed))
    await compact(clickhouse, place, nothingVerified(firstOf(place)), now)
  // A run whose outcomes do not add up is a gap or an overlap already; its neighbours are verified, but not compacted past it.
  const runs = places.flatMap((place) =>
    place.runs
      .filter(addsUp)
      .map((run) => ({ ...placeOf(place), ...run, next: run.from === nextOf(place) && !place.disputed, place })),
  )
  const verified = await verifyRuns(clickhouse, runs)
  const found = new Map<(typeof runs)[number], readonly Finding[]>()
  for (const [i, run] of runs.entries()) if (!verified[i]) found.set(run, await examine(clickhouse, run))
  const opened = await openFindings(clickhouse, [...found.values()].flat(), now)
  const accepted = await acceptedBy(clickhouse, [...found.values()].flat())
  for (const run of runs) {
    if (!run.next || !(found.get(run) ?? []).every((finding) => accepted.has(findingId(finding)))) continue
    const [counted] = await countOrigins(clickhouse, 'origin_loaded', [run], 'rows')
    const { place, next: _, feed: __, incarnation: ___, partition: ____, ...range } = run
    await compact(
      clickhouse,
      place,
      joined(place.verified ?? nothingVerified(firstOf(place)), { ...range, origins: counted?.rows ?? 0 }),
      now,
    )
  }
  return opened
}

function addsUp(run: Run): boolean {
  return run.to - run.from === run.loaded + run.rejected + run.quarantined + run.lost
}

/** @returns the origin from which the next tile of the place must start */
function nextOf(place: PlaceTiles): number {
  return place.verified?.to ?? firstOf(place)
}

/** @returns the ids of those findings that an operator has closed: what they are about is accepted as it is */
async function acceptedBy(clickhouse: ClickHouseClient, findings: readonly Finding[]): Promise<ReadonlySet<string>> {
  if (findings.length === 0) return new Set()
  const all = await listFindings(clickhouse, 'all')
  return new Set(all.filter(({ closedAt }) => closedAt !== null).map(({ id }) => id))
}

/** A row that was inserted into a verified range, or that the engine lost of it. */
async function checkVerified(
  clickhouse: ClickHouseClient,
  places: readonly PlaceTiles[],
  now: number,
): Promise<readonly Finding[]> {
  const ranges = places.flatMap((place) => (place.verified ? [{ ...placeOf(place), ...place.verified }] : []))
  const counts = await countOrigins(clickhouse, 'origin_loaded', ranges, 'rows')
  const opened: Finding[] = []
  for (const [i, range] of ranges.entries()) {
    const rows = counts[i]?.rows ?? 0
    if (rows === range.origins) continue
    const found = await examineVerified(clickhouse, range, rows, range.origins)
    opened.push(...(await openFindings(clickhouse, found, now)))
    const accepted = await acceptedBy(clickhouse, found)
    const verified: Verified = { ...range, origins: rows }
    if (found.every((finding) => accepted.has(findingId(finding)))) await compact(clickhouse, range, verified, now)
  }
  return opened
}

/** @returns a finding for each gap and overlap between the tiles of a place */
function breaksOf(place: PlaceTiles): readonly Finding[] {
  return breaks(firstOf(place), tilesOfPlace(place), place.disputed?.to).map(({ kind, from, to, count }) => ({
    ...placeOf(place),
    code: kind,
    from: BigInt(from),
    to: BigInt(to),
    message:
      kind === 'gap'
        ? `${count} of origins ${from} to ${to - 1} missing: no batch accounts for them`
        : `${count} of origins ${from} to ${to - 1} are in more than one batch`,
  }))
}

/** @returns a finding for each place whose rows reach past its last tile for longer than any batch takes */
async function rowsWithoutTile(
  clickhouse: ClickHouseClient,
  places: readonly PlaceTiles[],
): Promise<readonly Finding[]> {
  const old = `_part IN (SELECT name FROM system.parts WHERE database = currentDatabase() AND table = 'origin_loaded' AND active
    AND modification_time < now() - ${IN_PROGRESS_SECONDS})`
  const result = await clickhouse.query({
    query: `SELECT feed, incarnation, partition FROM origin_loaded WHERE ${old} GROUP BY feed, incarnation, partition`,
    format: 'JSONEachRow',
  })
  const ends = new Map(places.map((place) => [keyOf(place), endOfPlace(place)]))
  const ranges = (await result.json<Place>()).map((place) => ({ ...place, from: ends.get(keyOf(place)) ?? 0 }))
  const counts = await countOrigins(clickhouse, 'origin_loaded', ranges, 'distinct', old)
  return ranges.flatMap((range, i) => {
    const { rows = 0 } = counts[i] ?? {}
    return rows > 0 ? [surplusRows(range, rows, range.from, range.from + rows)] : []
  })
}

/** The quarantine supersedes nothing: it has as many rows as were ever inserted. */
async function checkQuarantine(clickhouse: ClickHouseClient, now: number): Promise<readonly Finding[]> {
  const count = async (table: string) => {
    const result = await clickhouse.query({ query: `SELECT count() AS n FROM ${table}`, format: 'JSONEachRow' })
    return Number((await result.json<{ n: string }>())[0]?.n ?? 0)
  }
  // In this order: a row that is inserted meanwhile is in the second count.
  const inserted = await count('origin_quarantined')
  if ((await count('quarantine')) >= inserted) return []
  const result = await clickhouse.query({
    query: `SELECT feed, incarnation, partition, count() AS n, min(offset) AS first, max(offset) AS last FROM origin_quarantined
            WHERE (feed, incarnation, partition, offset) NOT IN (SELECT feed, incarnation, partition, origin_offset FROM quarantine)
            GROUP BY feed, incarnation, partition`,
    format: 'JSONEachRow',
  })
  type Row = Place & { readonly n: string; readonly first: string; readonly last: string }
  const findings = (await result.json<Row>()).map((row): Finding => {
    const { n, first, last, ...place } = row
    return {
      ...place,
      code: 'missing-rows',
      from: BigInt(first),
      to: BigInt(last) + 1n,
      message: `${n} of origins ${first} to ${last} missing: they were quarantined, and the table quarantine does not have them`,
    }
  })
  return openFindings(clickhouse, findings, now)
}
