/** Where a listener is among the failures of its producer: the id of an event, and the end of what was told. Pure. */
import { EVENT_ID } from '#core/gateway-api/failure-event.ts'

export interface Position {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Among those of the same time. */
  readonly id: bigint
}

const FORM = new RegExp(EVENT_ID)
const MAX_ID = 2n ** 64n - 1n

/** @returns the position after everything of a time */
export function endOf(at: number): Position {
  return { at, id: MAX_ID }
}

export function isBefore(a: Position, b: Position): boolean {
  return a.at === b.at ? a.id < b.id : a.at < b.at
}

export function textOf({ at, id }: Position): string {
  return `${at}-${id}`
}

/** @returns undefined for a text that is no id of an event */
export function readPosition(text: string): Position | undefined {
  if (!FORM.test(text)) return undefined
  const [at = '', id = ''] = text.split('-')
  const position = { at: Number(at), id: BigInt(id) }
  return position.id > MAX_ID ? undefined : position
}
