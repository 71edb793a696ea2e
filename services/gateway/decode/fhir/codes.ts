/** Code systems of FHIR as the contracts' enums. Names: terminology.hl7.org, FR Core, ANS (smt.esante.gouv.fr). */
import { type Json, object, objects, text } from './json.ts'

export interface Code {
  readonly system: string
  readonly code: string
}

const SYSTEMS: Readonly<Record<string, string>> = {
  'http://snomed.info/sct': 'snomed',
  'urn:oid:2.16.840.1.113883.6.96': 'snomed',
  'http://loinc.org': 'loinc',
  'urn:oid:2.16.840.1.113883.6.1': 'loinc',
  'http://hl7.org/fhir/sid/icd-10': 'cim10',
  'http://hl7.org/fhir/sid/icd-10-fr': 'cim10',
  'urn:oid:2.16.840.1.113883.6.3': 'cim10',
  'https://smt.esante.gouv.fr/terminologie-cim-10': 'cim10',
  'http://id.who.int/icd/release/11/mms': 'icd11',
  'http://hl7.org/fhir/sid/icd-11': 'icd11',
  'http://www.orpha.net': 'orpha',
  'https://www.orpha.net/ORDO': 'orpha',
  'http://www.nlm.nih.gov/research/umls/rxnorm': 'rxnorm',
  'urn:oid:2.16.840.1.113883.6.88': 'rxnorm',
  'http://www.whocc.no/atc': 'atc',
  'urn:oid:2.16.840.1.113883.6.73': 'atc',
  'https://smt.esante.gouv.fr/terminologie-atc': 'atc',
  'https://smt.esante.gouv.fr/terminologie-ccam': 'ccam',
  'urn:oid:1.2.250.1.213.2.5': 'ccam',
  'https://smt.esante.gouv.fr/terminologie-nabm': 'nabm',
  'https://smt.esante.gouv.fr/terminologie-cip_ucd': 'ucd',
  'http://www.phast.fr/fhir/CodeSystem/UCD': 'ucd',
  'urn:oid:1.2.250.1.213.2.61': 'ucd',
  'http://www.phast.fr/fhir/CodeSystem/CIP': 'cip',
  'urn:oid:1.2.250.1.213.2.3.1': 'cip',
}

/**
 * @param concept a CodeableConcept
 * @param wanted systems of the feed's enum, the preferred one first
 * @returns the coding of the best system, else the first coding with a code under `other`; CIM-10 without its dot, as in the PMSI
 */
export function codeOf(concept: unknown, wanted: readonly string[]): Code | undefined {
  const codings = codingsOf(concept)
  for (const system of wanted) {
    const found = codings.find((coding) => coding.system === system)
    if (found) return system === 'cim10' ? { system, code: found.code.replace('.', '') } : found
  }
  const first = codings[0]
  return first && { system: 'other', code: first.code }
}

/** @returns the first coding's code, of any system */
export function anyCode(concept: unknown): string | undefined {
  return codingsOf(concept)[0]?.code
}

/** @returns the text of a CodeableConcept */
export function conceptText(concept: unknown): string | undefined {
  const of = object(concept)
  return of
    ? (text(of.text) ??
        objects(of.coding)
          .map((coding) => text(coding.display))
          .find(Boolean))
    : undefined
}

function codingsOf(concept: unknown): readonly Code[] {
  return objects(object(concept)?.coding).flatMap((coding: Json) => {
    const code = text(coding.code)
    const system = text(coding.system) ?? ''
    return code ? [{ system: Object.hasOwn(SYSTEMS, system) ? (SYSTEMS[system] ?? 'other') : 'other', code }] : []
  })
}
