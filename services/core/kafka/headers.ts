/** Message headers. The origin is a header, so that a marker has it in the same way as a record. */
import type { IHeaders } from 'kafkajs'

export const HEADER_ORIGIN_OFFSET = 'chainon-origin'
/** Present, with the value `quarantine`, on a marker. */
export const HEADER_MARKER = 'chainon-marker'

/** @returns a header as text, or undefined when it is missing or repeated */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name]
  if (value === undefined || Array.isArray(value)) return undefined
  return typeof value === 'string' ? value : value.toString('utf8')
}

/** @returns the origin offset of a pseudonymised message, or undefined when it is missing or malformed */
export function originOffset(headers: IHeaders | undefined): bigint | undefined {
  const text = headerText(headers, HEADER_ORIGIN_OFFSET)
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined
}
