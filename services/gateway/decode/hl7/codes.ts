/** Code systems of HL7 v2 (table 0396 and what French senders write) as the contracts' enums. */
import { Refusal } from './refusal.ts'
import type { Field, Segment } from './segment.ts'

export interface Code {
  readonly system: string
  readonly code: string
  readonly text: string | undefined
}

const SYSTEMS: Readonly<Record<string, string>> = {
  LN: 'loinc',
  LOINC: 'loinc',
  '2.16.840.1.113883.6.1': 'loinc',
  SCT: 'snomed',
  'SNOMED-CT': 'snomed',
  '2.16.840.1.113883.6.96': 'snomed',
  NABM: 'nabm',
  I10: 'cim10',
  ICD10: 'cim10',
  CIM10: 'cim10',
  'CIM-10': 'cim10',
  '2.16.840.1.113883.6.3': 'cim10',
  I11: 'icd11',
  ICD11: 'icd11',
  ORPHA: 'orpha',
  CCAM: 'ccam',
  '1.2.250.1.213.2.5': 'ccam',
  NGAP: 'ngap',
}
/** A sender's own codes: `L`, `99` and three letters (HL7 table 0396), or no system at all. */
const LOCAL = /^(?:L|99[A-Za-z0-9]{1,10})?$/

export const CODE_SYSTEMS: Readonly<Record<string, string>> = SYSTEMS

/**
 * @param wanted systems of the feed's enum, the preferred one first
 * @returns the code or its alternative (CE, CWE: components 1 to 3 and 4 to 6) of the best system, a local code as `other`, CIM-10 without its
 *   dot, as in the PMSI; undefined without a code, a refusal for a system that is not known
 */
export function codeOf(segment: Segment, field: number, wanted: readonly string[]): Code | undefined | Refusal {
  const coded = codingsOf(segment.field(field))
  if (coded.length === 0) return undefined
  for (const system of wanted) {
    const found = coded.find((one) => SYSTEMS[one.name] === system)
    if (found)
      return { system, code: system === 'cim10' ? found.code.replaceAll('.', '') : found.code, text: found.text }
  }
  const local = coded.find(({ name }) => LOCAL.test(name))
  if (local) return { system: 'other', code: local.code, text: local.text }
  return new Refusal('unknown-code-system', segment.at(field, 3))
}

function codingsOf(
  field: Field,
): readonly { readonly name: string; readonly code: string; readonly text: string | undefined }[] {
  return [1, 4].flatMap((first) => {
    const code = field.text(first)
    const name = field.text(first + 2) ?? ''
    const known = Object.hasOwn(SYSTEMS, name.toUpperCase()) ? name.toUpperCase() : name
    return code === undefined ? [] : [{ name: known, code, text: field.text(first + 1) }]
  })
}

/** @returns the text of a coded value: as the sender wrote it, or the name of its code */
export function codedText(field: Field): string | undefined {
  return field.text(9) ?? field.text(2) ?? field.text(5)
}
