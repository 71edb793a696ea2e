/**
 * Gaps: origins that `deidentify` passed, or that Kafka no longer has, and that no tile accounts for. Each is looked for wherever it
 * could still be read, message by message: what is nowhere is lost, and only that may be accepted (accept-gap.ts).
 */
import type { Admin, Kafka } from 'kafkajs'
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { tableOf, topicOf } from '../contract/names.ts'
import { quote } from '../contract/table.ts'
import { originOf } from '../kafka/headers.ts'
import { parseIncarnation } from '../kafka/incarnation.ts'
import { groupOffsets, topicExtent, withAdmin } from '../kafka/offsets.ts'
import { scanPartition } from '../kafka/scan.ts'
import { topicIds } from '../kafka/topic-ids.ts'
import type { FindingRange } from './findings.ts'
import { difference, intersection, type OffsetRange, OffsetSet } from './ranges.ts'

/**
 * Why an origin has no tile:
 * - expired: Kafka deleted it from `identified.<feed>`, after its retention or on command, before `deidentify` read it
 * - deleted: the topic in which it was counted was deleted, or its log was truncated
 * - not-in-log: `identified.<feed>` has it, and `deidentify` passed it without writing it
 * - not-in-ledger: the pseudonymised log or ClickHouse has it
 */
export type GapCause = 'expired' | 'deleted' | 'not-in-log' | 'not-in-ledger'

export interface Gap extends FindingRange {
  /** `<feed>:<incarnation>:<partition>:<from>-<to>`; the end is exclusive. */
  readonly id: string
  readonly why: GapCause
  /** When the last tile before it was written, ISO 8601; null when it begins at the first origin. */
  readonly since: string | null
  /** One past the last origin of the same place that has a tile; the place's first origin when none has. */
  readonly tiledTo: bigint
}

export interface GapSources {
  readonly kafka: Kafka
  readonly clickhouse: ClickHouseClient
  readonly namespace: string
  readonly feeds: readonly string[]
}

/** @returns true when the records of the gap cannot be read any more, anywhere */
export function isLost({ why }: Gap): boolean {
  return why === 'expired' || why === 'deleted'
}

/**
 * Offsets are read in the order in which records move, the other way round: a record that moves meanwhile is found at its next place.
 *
 * @returns the gaps in the order of their first origin, by feed and partition
 * @throws when Kafka or ClickHouse does not answer
 */
export async function findGaps(sources: GapSources): Promise<readonly Gap[]> {
  const ids = await topicIds(sources.kafka)
  try {
    return await withAdmin(sources.kafka, async (admin) => {
      const gaps: Gap[] = []
      for (const feed of sources.feeds) {
        const topicId = (await ids.of(topicOf(sources.namespace, 'identified', feed)))?.id ?? ''
        gaps.push(...(await gapsOfFeed(sources, admin, feed, topicId)))
      }
      return gaps
    })
  } finally {
    await ids.close()
  }
}

async function gapsOfFeed(sources: GapSources, admin: Admin, feed: string, topicId: string): Promise<readonly Gap[]> {
  const { namespace, clickhouse } = sources
  const identified = topicOf(namespace, 'identified', feed)
  const curated = await committedOf(admin, `${namespace}curate`, topicOf(namespace, 'pseudonymised', feed))
  const deidentified = await committedOf(admin, `${namespace}deidentify`, identified)
  const tiled = await readTiled(clickhouse, feed)
  const gaps: Gap[] = []
  for (const { partition, low } of await topicExtent(admin, identified)) {
    const committed = deidentified.get(partition) ?? 0n
    const passed = committed > low ? committed : low
    const known = tiled.filter((one) => one.partition === partition)
    const read = { sources, feed, partition }
    const present = expectedOrigins(known, topicId, passed)
    if (present.every(({ missing }) => missing.length === 0)) continue
    // What is in flight is after curate's offset. Anything else is an exception, for which the whole partition is read.
    const unread = await loggedOrigins(read, curated.get(partition) ?? 0n)
    const expected = expectedOrigins([...known, ...unread.map(asPlace(partition))], topicId, passed)
    if (expected.every((place) => difference(place.missing, rangesOf(unread, place)).length === 0)) continue
    const logged = await loggedOrigins(read, 0n)
    for (const place of expected) {
      const { incarnation } = place
      const missing = difference(place.missing, rangesOf(unread, place))
      if (missing.length === 0) continue
      const stored = await storedOrigins(clickhouse, { feed, incarnation, partition }, missing)
      const readable = isCurrent(incarnation, topicId) ? [{ from: low, to: passed }] : []
      const found = causes(missing, [...rangesOf(logged, place), ...stored], readable, isCurrent(incarnation, topicId))
      gaps.push(
        ...found.map(({ why, from, to }) => ({
          id: `${feed}:${incarnation}:${partition}:${from}-${to}`,
          feed,
          incarnation,
          partition,
          from,
          to,
          why,
          since: lastTileBefore(known, incarnation, from),
          tiledTo: place.tiledTo,
        })),
      )
    }
  }
  return gaps.toSorted((a, b) => a.partition - b.partition || (a.from < b.from ? -1 : 1))
}

function isCurrent(incarnation: string, topicId: string): boolean {
  return parseIncarnation(incarnation)?.topicId === topicId
}

/** @returns the missing ranges, cut by where their records are */
export function causes(
  missing: readonly OffsetRange[],
  inLog: readonly OffsetRange[],
  inIdentified: readonly OffsetRange[],
  current: boolean,
): readonly (OffsetRange & { readonly why: GapCause })[] {
  const label = (why: GapCause, ranges: readonly OffsetRange[]) => ranges.map((range) => ({ ...range, why }))
  const absent = difference(missing, inLog)
  const gone = difference(absent, inIdentified)
  return [
    ...label('not-in-ledger', intersection(missing, inLog)),
    ...label('not-in-log', intersection(absent, inIdentified)),
    ...label(current ? 'expired' : 'deleted', gone),
  ]
}

interface TiledRange extends OffsetRange {
  readonly incarnation: string
  readonly partition: number
  /** ISO 8601; empty for what has no tile yet. */
  readonly loadedAt: string
}

interface ExpectedOrigins {
  readonly incarnation: string
  readonly tiledTo: bigint
  readonly missing: readonly OffsetRange[]
}

/**
 * The newest incarnation of the topic must have every origin that was passed. Of an earlier one nothing is known beyond its last
 * tile or message: what came after it is not missed here.
 */
export function expectedOrigins(
  known: readonly TiledRange[],
  topicId: string,
  passed: bigint,
): readonly ExpectedOrigins[] {
  const firstOf = (incarnation: string) => parseIncarnation(incarnation)?.first ?? 0n
  const names = [...new Set(known.map(({ incarnation }) => incarnation))]
  const current = names.filter((name) => isCurrent(name, topicId))
  const newest = current.toSorted((a, b) => epochOf(b) - epochOf(a))[0] ?? topicId
  return [...new Set([...names, newest])].map((incarnation) => {
    const ranges = known.filter((range) => range.incarnation === incarnation)
    const tiles = ranges.filter(({ loadedAt }) => loadedAt !== '')
    const first = firstOf(incarnation)
    const end = (of: readonly OffsetRange[]) => of.reduce((highest, { to }) => (to > highest ? to : highest), first)
    const to = incarnation === newest && passed > end(ranges) ? passed : end(ranges)
    return { incarnation, tiledTo: end(tiles), missing: difference([{ from: first, to }], tiles) }
  })
}

function epochOf(incarnation: string): number {
  return parseIncarnation(incarnation)?.epoch ?? 0
}

async function committedOf(admin: Admin, groupId: string, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const [found] = await groupOffsets(admin, groupId, [topic])
  return new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]) ?? [])
}

interface LoggedOrigins {
  readonly incarnation: string
  readonly ranges: readonly OffsetRange[]
}

/** @returns the origins of the messages of the pseudonymised log from an offset on, by incarnation */
async function loggedOrigins(
  { sources, feed, partition }: { readonly sources: GapSources; readonly feed: string; readonly partition: number },
  from: bigint,
): Promise<readonly LoggedOrigins[]> {
  const { kafka, namespace } = sources
  const found = new Map<string, OffsetSet>()
  await scanPartition(
    kafka,
    `${namespace}gap-`,
    topicOf(namespace, 'pseudonymised', feed),
    partition,
    from,
    ({ headers }) => {
      const origin = originOf(headers)
      if (!origin) return
      const known = found.get(origin.incarnation) ?? new OffsetSet()
      found.set(origin.incarnation, known)
      known.add(origin.offset)
    },
  )
  return [...found].map(([incarnation, offsets]) => ({ incarnation, ranges: offsets.ranges() }))
}

function rangesOf(logged: readonly LoggedOrigins[], { incarnation }: { readonly incarnation: string }) {
  return logged.find((one) => one.incarnation === incarnation)?.ranges ?? []
}

function asPlace(partition: number): (logged: LoggedOrigins) => TiledRange {
  return ({ incarnation, ranges }) => {
    const to = ranges.at(-1)?.to ?? 0n
    return { incarnation, partition, from: to, to, loadedAt: '' }
  }
}

/** @returns the tiles of a feed, those next to each other as one */
async function readTiled(clickhouse: ClickHouseClient, feed: string): Promise<readonly TiledRange[]> {
  const inOrder = 'PARTITION BY incarnation, partition ORDER BY from_offset, to_offset'
  const result = await clickhouse.query({
    query: `
      SELECT incarnation, partition, toString(min(from_offset)) AS from, toString(max(to_offset)) AS to,
             formatDateTime(max(loaded_at), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS loadedAt
      FROM (
        SELECT *, sum(starts) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) AS run
        FROM (
          SELECT *, from_offset != lagInFrame(to_offset, 1, 18446744073709551615) OVER (${inOrder} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS starts
          FROM ledger_batch WHERE feed = {feed:String}
        )
      )
      GROUP BY incarnation, partition, run`,
    query_params: { feed },
    format: 'JSONEachRow',
  })
  type Row = { incarnation: string; partition: number; from: string; to: string; loadedAt: string }
  return (await result.json<Row>()).map(({ from, to, ...rest }) => ({ ...rest, from: BigInt(from), to: BigInt(to) }))
}

function lastTileBefore(known: readonly TiledRange[], incarnation: string, from: bigint): string | null {
  const before = known.filter((range) => range.incarnation === incarnation && range.to <= from)
  return before.toSorted((a, b) => (a.to < b.to ? 1 : -1))[0]?.loadedAt ?? null
}

/** @returns the origins of the ranges that have a row: loaded, rejected or quarantined */
async function storedOrigins(
  clickhouse: ClickHouseClient,
  { feed, incarnation, partition }: { readonly feed: string; readonly incarnation: string; readonly partition: number },
  ranges: readonly OffsetRange[],
): Promise<readonly OffsetRange[]> {
  const found = new OffsetSet()
  for (const { from, to } of ranges) {
    const result = await clickhouse.query({
      query: `
        SELECT toString(origin) AS origin FROM (
          SELECT _origin_offset AS origin FROM ${quote(tableOf(feed))}
          WHERE _origin_incarnation = {incarnation:String} AND _origin_partition = {partition:UInt32}
            AND _origin_offset >= {from:UInt64} AND _origin_offset < {to:UInt64}
          UNION ALL
          SELECT origin_offset FROM quarantine
          WHERE feed = {feed:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32}
            AND origin_offset >= {from:UInt64} AND origin_offset < {to:UInt64}
        ) ORDER BY toUInt64(origin)`,
      query_params: { feed, incarnation, partition, from: from.toString(), to: to.toString() },
      format: 'JSONEachRow',
    })
    for (const { origin } of await result.json<{ origin: string }>()) found.add(BigInt(origin))
  }
  return found.ranges()
}
