/** Ranges of origins, and how the witness's tables are asked for them. */
import { inPlace, type Place } from './tiles.ts'

export interface OriginRange extends Place {
  /** First origin offset. */
  readonly from: number | bigint
  /** One past the last; undefined: no end. */
  readonly to?: number | bigint
}

/** @returns the condition that an origin is in the range */
export function inRange(range: OriginRange): string {
  const end = range.to === undefined ? '' : ` AND offset < ${range.to}`
  return `${inPlace(range)} AND offset >= ${range.from}${end}`
}
