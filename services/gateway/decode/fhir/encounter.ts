/** Encounter -> `encounter`. */
import type { Bundle } from './bundle.ts'
import { anyCode, codeOf, conceptText } from './codes.ts'
import { headOf, type Mapped, one, unresolved } from './common.ts'
import { endOf, startOf } from './dates.ts'
import { encounterNda } from './identifiers.ts'
import { type Json, joined, object, objects, text } from './json.ts'

/** HL7 v3 ActCode, the value set of Encounter.class. */
const KINDS: Readonly<Record<string, string>> = {
  IMP: 'inpatient',
  ACUTE: 'inpatient',
  NONAC: 'inpatient',
  AMB: 'outpatient',
  EMER: 'emergency',
  SS: 'day_hospital',
  HH: 'home',
  VR: 'virtual',
}
/** CIM-10 without its dot, as in the PMSI. */
const REASONS = ['cim10', 'snomed']
/** PMSI modes of entry and exit; other code lists use one character with another meaning. */
const PMSI_MODE = /^[06789N]$/

export function mapEncounter(encounter: Json, bundle: Bundle): Mapped {
  const head = headOf(encounter, bundle)
  if (!head) return unresolved('encounter')
  const kind = text(object(encounter.class)?.code) ?? ''
  const hospitalization = object(encounter.hospitalization)
  const reasons = objects(encounter.reasonCode)
  return one('encounter', {
    ...head,
    encounter_nda: encounterNda(encounter) ?? null,
    kind: Object.hasOwn(KINDS, kind) ? KINDS[kind] : 'other',
    started_at: startOf(encounter.period),
    ended_at: endOf(encounter.period) ?? null,
    care_unit: careUnit(encounter),
    admission_mode: pmsiMode(hospitalization?.admitSource),
    discharge_mode: pmsiMode(hospitalization?.dischargeDisposition),
    reason_code: codeOf(reasons[0], REASONS)?.code ?? null,
    reason_text: joined(reasons.map(conceptText)),
  })
}

/** A unit is named by the identifier of the place or of the service; a display name is text and not a code. */
function careUnit(encounter: Json): string | null {
  const locations = objects(encounter.location).map((location) => object(location.location))
  for (const reference of [...locations, object(encounter.serviceProvider)]) {
    const value = text(object(reference?.identifier)?.value)
    if (value !== undefined && /^[\w.-]{1,32}$/.test(value)) return value
  }
  return null
}

function pmsiMode(concept: unknown): string | null {
  const code = anyCode(concept)
  return code !== undefined && PMSI_MODE.test(code) ? code : null
}
