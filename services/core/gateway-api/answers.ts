/**
 * Reads the answers of the gateway, by the schemas that the gateway itself uses. Only the fields of these schemas are kept: codes, counts,
 * pointers and texts of the gateway, never a field that another server may have added.
 */
import { Compile } from 'typebox/compile'
import { Problem, type ProblemCode } from './problem.ts'
import { Receipt } from './receipt.ts'
import type { RecordError } from './record-counts.ts'

const receipt = Compile(Receipt)
const problem = Compile(Problem)

/** @returns the receipt, or undefined when the body is not a receipt */
export function readReceipt(body: string): Receipt | undefined {
  const value = parse(body)
  if (!receipt.Check(value)) return undefined
  receipt.Clean(value)
  return value
}

export interface RejectedRequest {
  readonly code: ProblemCode | `http-${number}`
  readonly title: string
  readonly errors: readonly RecordError[]
  /** With `partition-unavailable`: what is in the log, and the indexes of what is to be sent again. */
  readonly partial?: { readonly accepted: number; readonly unavailableIndexes: readonly number[] }
}

/** @returns what an RFC 9457 problem of the gateway says; `http-<status>` as the code when the body is not a problem */
export function readProblem(body: string, status: number): RejectedRequest {
  const value = parse(body)
  if (!problem.Check(value)) {
    return { code: `http-${status}`, title: `The gateway answered ${status}.`, errors: [] }
  }
  problem.Clean(value)
  const { code, title, errors = [], accepted = 0, unavailable_indexes: unavailableIndexes } = value
  return { code, title, errors, ...(unavailableIndexes ? { partial: { accepted, unavailableIndexes } } : {}) }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}
