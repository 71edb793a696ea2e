/** Encounter -> `encounter`. */

import { encounterNda } from '#core/fhir/identifiers.ts'
import { type Json, joined, object, objects, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { anyCode, codeOf, conceptText } from './codes.ts'
import { HEAD_PATHS, headOf, type Mapped, one, type Paths, unresolved } from './common.ts'
import { endOf, momentOf, startOf } from './dates.ts'
import { type Refuse, symbolOf } from './refuse.ts'

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
const REASONS = ['cim10', 'snomed']
const STATUSES = ['planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled', 'unknown']
/** PMSI modes of entry and exit; other code lists use one character with another meaning. */
const PMSI_MODE = /^[06789N]$/

export const ENCOUNTER_PATHS: Paths = {
  encounter: {
    ...HEAD_PATHS,
    encounter_nda: ['identifier', 'id'],
    kind: 'class',
    started_at: 'period.start',
    started_precision: 'period.start',
    ended_at: 'period.end',
    ended_precision: 'period.end',
    care_unit: ['location.location.identifier', 'serviceProvider.identifier'],
    admission_mode: 'hospitalization.admitSource',
    discharge_mode: 'hospitalization.dischargeDisposition',
    reason_code: 'reasonCode[0]',
    reason_system: 'reasonCode[0]',
    reason_text: ['reasonCode.text', 'reasonCode.coding'],
    status: 'status',
  },
}

export function mapEncounter(encounter: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(encounter, bundle)
  if (!head) return unresolved('encounter')
  const kind = text(object(encounter.class)?.code) ?? ''
  const hospitalization = object(encounter.hospitalization)
  const reasons = objects(encounter.reasonCode)
  const reason = codeOf(reasons[0], REASONS)
  const started = momentOf(startOf(encounter.period))
  const ended = momentOf(endOf(encounter.period))
  return one('encounter', {
    ...head,
    encounter_nda: encounterNda(encounter) ?? null,
    kind: Object.hasOwn(KINDS, kind) ? KINDS[kind] : 'other',
    started_at: started.at,
    started_precision: started.precision,
    ended_at: ended.at ?? null,
    ended_precision: ended.precision,
    status: symbolOf(encounter, 'status', STATUSES, refuse),
    care_unit: careUnit(encounter),
    admission_mode: pmsiMode(hospitalization?.admitSource),
    discharge_mode: pmsiMode(hospitalization?.dischargeDisposition),
    reason_code: reason?.code ?? null,
    reason_system: reason?.system ?? null,
    reason_text: joined(reasons.map(conceptText)),
  })
}

/** A unit is named by the identifier of the place or of the service; a display name is text and not a code. */
export function careUnit(encounter: Json): string | null {
  const locations = objects(encounter.location).map((location) => object(location.location))
  for (const reference of [...locations, object(encounter.serviceProvider)]) {
    const value = text(object(reference?.identifier)?.value)
    if (value !== undefined && /^[\w.-]{1,32}$/.test(value)) return value
  }
  return null
}

export function pmsiMode(concept: unknown): string | null {
  const code = anyCode(concept)
  return code !== undefined && PMSI_MODE.test(code) ? code : null
}
