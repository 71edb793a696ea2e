/** Condition -> `diagnosis`. */

import { type Json, joined, objects, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { codeOf, conceptText } from './codes.ts'
import { HEAD_PATHS, headOf, type Mapped, ndaOf, one, type Paths, unresolved } from './common.ts'
import { dayOf, endOf, momentOf, startsOf } from './dates.ts'
import { conceptSymbol, type Refuse } from './refuse.ts'

const SYSTEMS = ['cim10', 'snomed', 'icd11', 'orpha']
const HL7 = 'http://terminology.hl7.org/CodeSystem'
const VERIFICATION = ['unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted']
const CLINICAL = ['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved']

export const CONDITION_PATHS: Paths = {
  diagnosis: {
    ...HEAD_PATHS,
    operation: 'verificationStatus',
    encounter_nda: 'encounter',
    code_system: 'code',
    code: 'code',
    code_source: 'code',
    kind: 'category',
    recorded_at: ['recordedDate', 'onset'],
    recorded_precision: ['recordedDate', 'onset'],
    onset_on: 'onset',
    onset_precision: 'onset',
    resolved_on: 'abatement',
    resolved_precision: 'abatement',
    verification_status: 'verificationStatus',
    clinical_status: 'clinicalStatus',
    comment: ['note.text', 'code', 'onset', 'abatement'],
  },
}

export function mapCondition(condition: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(condition, bundle)
  if (!head) return unresolved('diagnosis')
  const code = codeOf(condition.code, SYSTEMS)
  const recorded = momentOf(condition.recordedDate, ...startsOf(condition, 'onset'))
  const onset = dayOf(...startsOf(condition, 'onset'))
  const resolved = dayOf(condition.abatementDateTime, endOf(condition.abatementPeriod))
  return one('diagnosis', {
    ...head,
    encounter_nda: ndaOf(condition.encounter, condition, bundle),
    code_system: code?.system ?? 'other',
    code: code?.code,
    code_source: code?.source ?? null,
    kind: isListed(condition) ? 'problem' : 'other',
    recorded_at: recorded.at,
    recorded_precision: recorded.precision,
    onset_on: onset.on,
    onset_precision: onset.precision,
    resolved_on: resolved.on,
    resolved_precision: resolved.precision,
    verification_status: conceptSymbol(
      condition,
      'verificationStatus',
      `${HL7}/condition-ver-status`,
      VERIFICATION,
      refuse,
    ),
    clinical_status: conceptSymbol(condition, 'clinicalStatus', `${HL7}/condition-clinical`, CLINICAL, refuse),
    comment: joined([
      conceptText(condition.code),
      text(condition.onsetString),
      text(condition.abatementString),
      ...objects(condition.note).map((note) => text(note.text)),
    ]),
  })
}

/** A category may have codings of several systems. */
function isListed(condition: Json): boolean {
  const codings = objects(condition.category).flatMap((category) => objects(category.coding))
  return codings.some(({ code }) => code === 'problem-list-item')
}
