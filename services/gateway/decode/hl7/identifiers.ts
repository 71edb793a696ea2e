/** Identifiers of patients, stays, records and professionals (CX, EI, XCN): by type and assigning authority, never by their place in a list. */
import { Refusal } from './refusal.ts'
import type { Field, Segment } from './segment.ts'

/** INS: NIR, NIA, and two for tests (ANS, annexe INS). */
const INS_OIDS = ['1.2.250.1.213.1.4.8', '1.2.250.1.213.1.4.9', '1.2.250.1.213.1.4.10', '1.2.250.1.213.1.4.11']
/** An INS of type NIR is a NIR. */
const NIR_OIDS = ['1.2.250.1.213.1.4.8', '1.2.250.1.213.1.4.10']
const RPPS_OID = '1.2.250.1.71.4.2.1'
/** HL7 table 0203: the patient's number at the facility, or its medical record. */
const IPP_TYPES = ['PI', 'MR']

/**
 * @param authorities whose identifiers are the IPP; empty: all
 * @returns the IPP of PID-3: of type PI, else MR, else the only one without a type; a refusal when there is none, or more than one to choose from
 */
export function ippOf(pid: Segment, authorities: readonly string[], field = 3): string | Refusal {
  const found = ippFieldOf(pid, authorities, field)
  return found instanceof Refusal ? found : (found.text(1) ?? '')
}

/** @returns as `ippOf`, with its type and authority */
export function ippFieldOf(pid: Segment, authorities: readonly string[], field = 3): Field | Refusal {
  const all = pid.repetitions(field).filter((one) => one.text(1) !== undefined && !isIns(one))
  const ours =
    authorities.length === 0 ? all : all.filter((one) => authorityOf(one).some((name) => authorities.includes(name)))
  for (const type of [...IPP_TYPES, undefined]) {
    const found = ours.filter((one) => one.text(5) === type)
    if (new Set(found.map((one) => one.text(1))).size > 1) return new Refusal('ambiguous-identifier', pid.at(field))
    if (found[0] !== undefined) return found[0]
  }
  return new Refusal('required', pid.at(field))
}

export function insOf(pid: Segment): string | null {
  return compact(pid.repetitions(3).find(isIns))
}

export function nirOf(pid: Segment): string | null {
  return compact(pid.repetitions(3).find((one) => NIR_OIDS.includes(one.text(4, 2) ?? '')))
}

/** @returns the stay's number: PID-18 (NDA), else PV1-19 (visit number), else null */
export function ndaOf(pid: Segment | undefined, pv1: Segment | undefined): string | null {
  return pid?.text(18) ?? pv1?.text(19) ?? null
}

/** @returns an EI as one text: the identifier, and its namespace where it has one */
export function entityOf(segment: Segment | undefined, field: number): string | undefined {
  const id = segment?.text(field, 1)
  if (id === undefined) return undefined
  const namespace = segment?.text(field, 2) ?? segment?.text(field, 3)
  return namespace === undefined ? id : `${id}^${namespace}`
}

/** @returns the RPPS number among the identifiers of a professional, or null */
export function rppsOf(segment: Segment | undefined, field: number): string | null {
  const found = segment?.repetitions(field).find((one) => one.text(9, 2) === RPPS_OID || one.text(13) === 'RPPS')
  return compact(found)
}

function isIns(field: Field): boolean {
  return INS_OIDS.includes(field.text(4, 2) ?? '')
}

/** @returns whether both name the authority that assigned them, and not the same */
export function areOfOtherAuthorities(one: Field, other: Field): boolean {
  const [own, theirs] = [authorityOf(one), authorityOf(other)]
  return own.length > 0 && theirs.length > 0 && !own.some((name) => theirs.includes(name))
}

function authorityOf(field: Field): readonly string[] {
  return [field.text(4, 1), field.text(4, 2)].filter((name) => name !== undefined)
}

function compact(field: Field | undefined): string | null {
  return field?.text(1)?.replaceAll(/\s/g, '') ?? null
}
