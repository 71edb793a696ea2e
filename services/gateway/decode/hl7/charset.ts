/** The character sets of MSH-18 (HL7 table 0211). All of them have ASCII in one byte, so that a header can be read before its set is known. */
import { isAscii, isUtf8 } from 'node:buffer'

type Decode = (bytes: Buffer) => string | undefined

/** WHATWG reads ISO 8859-1 as Windows-1252; Node's `latin1` is the standard's. */
const latin1: Decode = (bytes) => bytes.toString('latin1')
const ascii: Decode = (bytes) => (isAscii(bytes) ? bytes.toString('latin1') : undefined)
const utf8: Decode = (bytes) => (isUtf8(bytes) ? bytes.toString('utf8') : undefined)
const latin9: Decode = (bytes) => new TextDecoder('iso-8859-15').decode(bytes)

const CHARSETS: Readonly<Record<string, Decode>> = {
  ASCII: ascii,
  'ISO IR6': ascii,
  '8859/1': latin1,
  '8859/15': latin9,
  'UNICODE UTF-8': utf8,
  'UTF-8': utf8,
}

export const CHARSET_NAMES: readonly string[] = Object.keys(CHARSETS)

/** @returns a function that decodes bytes of the set, and returns undefined for bytes that are none of it; undefined when the set is not known */
export function decoderOf(name: string): Decode | undefined {
  const known = name.toUpperCase()
  return Object.hasOwn(CHARSETS, known) ? CHARSETS[known] : undefined
}
