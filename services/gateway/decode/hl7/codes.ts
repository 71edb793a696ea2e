/** Code systems of HL7 v2 (table 0396 and what French senders write) as the contracts' enums. */
import { canonicalCode } from '#core/guards/canonical.ts'
import { CODE_SYSTEM_NAMES, type CodeSystemName } from '#core/guards/code-systems.ts'
import { isKnownSystem, uriOfSystem } from '#core/terminology/uris.ts'
import { Refusal } from './refusal.ts'
import type { Field, Segment } from './segment.ts'

export interface Code {
  readonly system: string
  readonly code: string
  readonly text: string | undefined
  readonly source: string | null
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
  UCD: 'ucd',
  '1.2.250.1.213.2.61': 'ucd',
  CIP: 'cip',
  '1.2.250.1.213.2.3.1': 'cip',
  ATC: 'atc',
  WC: 'atc',
  '2.16.840.1.113883.6.73': 'atc',
  RXNORM: 'rxnorm',
  '2.16.840.1.113883.6.88': 'rxnorm',
}
/** A sender's own codes: `L`, `99` and three letters (HL7 table 0396), or no system at all. */
const LOCAL = /^(?:L|99[A-Za-z0-9]{1,10})?$/

const ALLOWED = [...Object.keys(SYSTEMS), 'L', '99...']

export const CODE_SYSTEMS: Readonly<Record<string, string>> = SYSTEMS

/** What the page says of the column for the URI. */
export const SOURCE_NOTE = 'URI of the code system, or its OID where that was written; null for a local code'

/**
 * @param wanted systems of the feed's enum, the preferred one first
 * @returns the code or its alternative (CE, CWE: components 1 to 3 and 4 to 6) of the best system, in its one spelling; a local code, and one of a
 *   public system that no contract has, as `other`; undefined without a code, a refusal for a system that is not known
 */
export function codeOf(segment: Segment, field: number, wanted: readonly string[]): Code | undefined | Refusal {
  const coded = codingsOf(segment.field(field))
  if (coded.length === 0) return undefined
  const best = bestOf(coded, wanted) ?? coded.find(({ known }) => known)
  return best ? asCode(best, wanted) : new Refusal('unknown-code-system', segment.at(field, 3), ALLOWED)
}

/** @returns as `codeOf`, for a value: a code of any other system is `other` */
export function valueCodeOf(field: Field, wanted: readonly string[]): Code | undefined {
  const coded = codingsOf(field)
  const best = bestOf(coded, wanted) ?? coded[0]
  return best && asCode(best, wanted)
}

interface Coding {
  /** Of the contracts; undefined for a system that none has. */
  readonly system: string | undefined
  /** A local code, or one of a public system. */
  readonly known: boolean
  readonly code: string
  readonly text: string | undefined
  readonly source: string | null
}

function codingsOf(field: Field): readonly Coding[] {
  return [1, 4].flatMap((first) => {
    const code = field.text(first)
    const given = field.text(first + 2) ?? ''
    const name = Object.hasOwn(SYSTEMS, given.toUpperCase()) ? given.toUpperCase() : given
    const system = Object.hasOwn(SYSTEMS, name) ? SYSTEMS[name] : undefined
    const oid = `urn:oid:${name}`
    const source = isKnownSystem(oid) ? oid : system === undefined ? undefined : uriOfSystem(system)
    const known = system !== undefined || source !== undefined || LOCAL.test(name)
    return code === undefined ? [] : [{ system, known, code, text: field.text(first + 1), source: source ?? null }]
  })
}

function bestOf(coded: readonly Coding[], wanted: readonly string[]): Coding | undefined {
  return wanted.map((system) => coded.find((one) => one.system === system)).find((one) => one !== undefined)
}

function asCode({ system, code, text, source }: Coding, wanted: readonly string[]): Code {
  const name = system !== undefined && wanted.includes(system) ? system : 'other'
  return { system: name, code: isSystem(name) ? canonicalCode(name, code) : code, text, source }
}

function isSystem(name: string): name is CodeSystemName {
  return (CODE_SYSTEM_NAMES as readonly string[]).includes(name)
}

/** @returns the text of a coded value: as the sender wrote it, or the name of its code */
export function codedText(field: Field): string | undefined {
  return field.text(9) ?? field.text(2) ?? field.text(5)
}
