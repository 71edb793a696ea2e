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

/** On each message of a log that was written anew: `<version>:<end>:<source>:<1 when it is the first that its partition ever had>`. */
export const HEADER_REWRITTEN = 'chainon-rewritten'

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

/** Of a message that takes the place of an earlier one of its partition. */
export interface Rewritten {
  /** Of the key under which the log was written anew. */
  readonly version: number
  /** One past the last message of before: what comes from there on takes its place. */
  readonly end: bigint
  /** Offset of the message whose place it takes. */
  readonly source: bigint
  /** It is the first message that the partition ever had: none before it is lost. */
  readonly first: boolean
}

const REWRITTEN = /^(\d{1,5}):(\d{1,19}):(\d{1,19}):([01])$/

export function formatRewritten({ version, end, source, first }: Rewritten): string {
  return `${version}:${end}:${source}:${first ? 1 : 0}`
}

/** @returns undefined for a message that was written by its service */
export function rewrittenOf(headers: IHeaders | undefined): Rewritten | undefined {
  const [, version, end = '', source = '', first] = REWRITTEN.exec(headerText(headers, HEADER_REWRITTEN) ?? '') ?? []
  if (version === undefined) return undefined
  return { version: Number(version), end: BigInt(end), source: BigInt(source), first: first === '1' }
}
