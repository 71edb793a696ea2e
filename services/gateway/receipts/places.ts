/** Places of records in the log, and how ClickHouse is asked for them. Pure. */
import { literal } from '#core/contract/table.ts'

export interface Place {
  readonly feed: string
  /** Without the truncations that the incarnation names: the gateway does not know them. */
  readonly topicId: string
  readonly partition: number
  readonly offset: bigint
}

export interface PlacedRow {
  readonly feed: string
  readonly incarnation: string
  readonly partition: number
  readonly offset: string
}

const TOPIC_ID_LENGTH = 22

/** @returns a text that is the same for the same place */
export function keyOf({ feed, topicId, partition, offset }: Place): string {
  return `${feed} ${topicId} ${partition} ${offset}`
}

/** @returns the same text for the place of a row */
export function keyOfRow({ feed, incarnation, partition, offset }: PlacedRow): string {
  return `${feed} ${incarnation.slice(0, TOPIC_ID_LENGTH)} ${partition} ${offset}`
}

/** @returns the places of a feed and partition together */
export function byPartition(places: readonly Place[]): readonly (readonly [Place, ...Place[]])[] {
  const groups = Map.groupBy(places, ({ feed, topicId, partition }) => `${feed} ${topicId} ${partition}`)
  return [...groups.values()].flatMap(([first, ...others]) => (first ? [[first, ...others] as const] : []))
}

/** @returns a condition on the columns feed, incarnation and partition, by which the primary key finds them */
export function inPartition({ feed, topicId, partition }: Place): string {
  return `feed = ${literal(feed)} AND startsWith(incarnation, ${literal(topicId)}) AND partition = ${partition}`
}

/** @param column of the origin offset @returns a condition that a row is of one of the places; `0` when there is none */
export function atPlaces(places: readonly Place[], column: string): string {
  const each = byPartition(places).map(
    (group) => `(${inPartition(group[0])} AND ${column} IN (${group.map(({ offset }) => offset).join()}))`,
  )
  return each.length === 0 ? '0' : each.join(' OR ')
}
