/** Message headers. The origin is a header, so that a marker has it in the same way as a record. */
import type { IHeaders } from 'kafkajs'
import { isIncarnation } from './incarnation.ts'

export const HEADER_ORIGIN_OFFSET = 'chainon-origin'
/** The incarnation of `identified.<feed>` in which that offset is counted: offsets begin again when a topic is created again. */
export const HEADER_INCARNATION = 'chainon-incarnation'
/** Leader epoch of the origin in `identified.<feed>`: only on the last message of each send, where the next process looks for it. */
export const HEADER_ORIGIN_EPOCH = 'chainon-origin-epoch'
/** Present, with the value `quarantine`, on a marker. */
export const HEADER_MARKER = 'chainon-marker'

/** @returns a header as text, or undefined when it is missing or repeated */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name]
  if (value === undefined || Array.isArray(value)) return undefined
  return typeof value === 'string' ? value : value.toString('utf8')
}

export interface Origin {
  readonly incarnation: string
  readonly offset: bigint
}

/** @returns the origin of a pseudonymised message, or undefined when it is missing or malformed */
export function originOf(headers: IHeaders | undefined): Origin | undefined {
  const text = headerText(headers, HEADER_ORIGIN_OFFSET)
  const incarnation = headerText(headers, HEADER_INCARNATION)
  if (text === undefined || incarnation === undefined) return undefined
  return /^\d{1,19}$/.test(text) && isIncarnation(incarnation) ? { incarnation, offset: BigInt(text) } : undefined
}
