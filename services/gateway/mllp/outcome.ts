/** What becomes of a message, as its acknowledgement says it (HL7 tables 0008 and 0357). */

import type { Problem } from '#core/gateway-api/problem.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import type { Answer } from '../ingest/receipt.ts'

/**
 * `AA`: every record that is a fact is in the log. `AE`: something in the message is refused; sending it again changes nothing. `AR`: the message was
 * not processed, because of its kind or of the gateway's state; where the state is the reason, sending it again is right.
 */
export type AckCode = 'AA' | 'AE' | 'AR'

export interface Outcome {
  readonly code: AckCode
  readonly errors: readonly AckError[]
}

export interface AckError {
  readonly location?: string
  /** HL7 table 0357. */
  readonly condition: string
  readonly severity: 'W' | 'E'
  /** The rule, and what it means; never a value. */
  readonly text: string
}

const CONDITIONS: Readonly<Record<string, string>> = {
  required: '101',
  type: '102',
  date: '102',
  timestamp: '102',
  'imprecise-date': '102',
  'number-range': '102',
  'damaged-content': '102',
  charset: '102',
  enum: '103',
  'unknown-code-system': '103',
  'not-production': '202',
  'unsupported-version': '203',
  'idempotency-mismatch': '205',
  'ambiguous-identifier': '204',
}
const OTHER = '207'
/** Faults of the whole message: of its kind, and not of its content (HL7 2.5, 2.9.2). */
const REJECTED = [
  'not-production',
  'unsupported-version',
  'unmapped-message',
  'sender-not-allowed',
  'malformed-hl7',
  'charset',
]
/** Said, and no reason to stop: what is not a fact yet comes again when it is one. */
const WARNING = 'not-a-fact'

/** @param answer of the gateway to one message */
export function outcomeOf({ body }: Answer): Outcome {
  if ('code' in body && body.code !== 'all-rejected') return outcomeOfProblem(body)
  const errors = (body.errors ?? []).map(errorOf)
  const rejected = (body.errors ?? []).find(({ rule }) => REJECTED.includes(rule))
  if (rejected && (body.accepted ?? 0) === 0) return { code: 'AR', errors }
  return { code: errors.every(({ severity }) => severity === 'W') ? 'AA' : 'AE', errors }
}

/** @returns AE for a body that no repetition makes better, AR for what may be accepted later or with another key */
export function outcomeOfProblem({ code, title, status }: Pick<Problem, 'code' | 'title' | 'status'>): Outcome {
  const ownFault = status === 400 || status === 413 || code === 'idempotency-mismatch'
  const condition = CONDITIONS[code] ?? OTHER
  return { code: ownFault ? 'AE' : 'AR', errors: [{ condition, severity: 'E', text: `${code}: ${title}` }] }
}

/** @returns AR: the sender, the listener or the message itself is not accepted here */
export function rejection(rule: string, text: string, location?: string): Outcome {
  const place = location === undefined ? {} : { location }
  return {
    code: 'AR',
    errors: [{ ...place, condition: CONDITIONS[rule] ?? OTHER, severity: 'E', text: `${rule}: ${text}` }],
  }
}

function errorOf({ allowed, path, rule, detail, pointer, feed }: RecordError): AckError {
  const place = path === undefined ? {} : { location: path }
  const condition = rule === 'unmapped-message' ? (path?.endsWith('-9-2') ? '201' : '200') : (CONDITIONS[rule] ?? OTHER)
  const field = feed === undefined || pointer === '' ? '' : ` (${feed}${pointer})`
  const may = allowed === undefined ? '' : ` Allowed: ${allowed.join(', ')}.`
  return { ...place, condition, severity: rule === WARNING ? 'W' : 'E', text: `${rule}: ${detail}${field}${may}` }
}
