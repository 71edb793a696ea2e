/**
 * The quarantine marker: the message in `pseudonymised.<feed>` for an origin that `deidentify` quarantined. `deidentify` writes it,
 * `curate` reads it; it contains names and rules, never a value.
 */
import { readFileSync } from 'node:fs'
import { asRecordFault } from '../faults/codes.ts'
import type { Failed } from '../pipeline/pipeline.ts'
import { type Failure, fail, type RuleName } from '../pipeline/verdict.ts'
import { type AvroRecordSchema, fullName } from './avro-schemas.ts'
import { asRuleId } from './rule-id.ts'

/** The faults for which `deidentify` quarantines a record. */
export type MarkerFault =
  | 'undecodable'
  | 'key-shredded'
  | 'seal-broken'
  | 'rule-rejected'
  | 'guard'
  | 'unencodable'
  | 'worker-failed'

const MARKER_FAULTS: Readonly<Record<MarkerFault, true>> = {
  undecodable: true,
  'key-shredded': true,
  'seal-broken': true,
  'rule-rejected': true,
  guard: true,
  unencodable: true,
  'worker-failed': true,
}

export const MARKER_SCHEMA: AvroRecordSchema = JSON.parse(
  readFileSync(new URL('../../../schemas/envelopes/quarantine_marker.avsc', import.meta.url), 'utf8'),
) as AvroRecordSchema

const MARKER_NAME = fullName(MARKER_SCHEMA)

/** @returns whether a decoded message of that full name is a marker */
export function isMarker(name: string): boolean {
  return name === MARKER_NAME
}

/** @param arrivedAt when the message arrived in Kafka, microseconds: used as the time of receipt of a message that cannot be read */
export function markerOf(failed: Failed<MarkerFault>, arrivedAt: number): Readonly<Record<string, unknown>> {
  const [{ pointer, rule }] = failed.details
  return {
    fault: failed.fault,
    stage: failed.stage,
    pointer,
    rule,
    producer: failed.provenance?.producer ?? '',
    received_at: failed.provenance?.receivedAt ?? arrivedAt,
  }
}

/** @returns the failure that a marker describes, or undefined when it names a fault or a rule of a wrong form */
export function readMarker(marker: Readonly<Record<string, unknown>>): Failure<MarkerFault> | undefined {
  const fault = String(marker.fault)
  const rule = readRule(String(marker.rule))
  if (!Object.hasOwn(MARKER_FAULTS, fault) || rule === undefined) return undefined
  const provenance = { producer: String(marker.producer), receivedAt: Number(marker.received_at) }
  return {
    ...fail(fault as MarkerFault, provenance, [{ pointer: String(marker.pointer), rule }]),
    foundBy: { service: 'deidentify', stage: String(marker.stage) },
  }
}

function readRule(name: string): RuleName | undefined {
  return asRecordFault(name) ?? asRuleId(name)
}
