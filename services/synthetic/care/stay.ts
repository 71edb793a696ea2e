/** The administrative side of a visit: the encounter, its movements, the diagnoses and the procedures. */
import { CONDITIONS, conditionBit } from '../data/conditions.ts'
import { ASSOCIATED } from '../data/diagnoses.ts'
import { procedureFor } from '../data/procedures.ts'
import { spell } from '../hospital/hospital.ts'
import { ageAt, DAY_MS, dateOf } from '../people/person.ts'
import { type Random, weighted } from '../random.ts'
import { type DiagnosisRecord, type EncounterRecord, type ProcedureRecord, timestamp } from '../records.ts'
import { momentOf, type Visit } from './visit.ts'

/** @returns the hospital's next identifier for a record */
export type NextId = () => string

const ENTRY_MODES = weighted([
  ['8', 85],
  ['7', 8],
  ['6', 7],
] as const)
const EXIT_MODES = weighted([
  ['8', 84],
  ['7', 9],
  ['6', 7],
] as const)
const DIED = '9'

/** The whole visit first, then its movements between units; each has a record of its own. */
export function encounters(visit: Visit, nextId: NextId, random: Random): EncounterRecord[] {
  const stays = visit.kind === 'inpatient' || visit.kind === 'day_hospital'
  const main = encounter(visit, nextId(), visit.kind, 0, visit.endMs === null ? null : 1, visit.unit, {
    admission_mode: stays ? ENTRY_MODES.draw(random) : null,
    discharge_mode: stays && visit.endMs !== null ? (visit.dies ? DIED : EXIT_MODES.draw(random)) : null,
    reason_text: reasonText(visit, random),
  })
  const moves =
    visit.kind === 'inpatient' ? random.int(1, 3) : visit.kind === 'day_hospital' && random.chance(0.2) ? 1 : 0
  const records = [main]
  for (let i = 0; i < moves; i++) {
    const last = i === moves - 1
    const to = last ? (visit.endMs === null ? null : 1) : (i + 1) / moves
    records.push(encounter(visit, nextId(), 'movement', i / moves, to, random.pick(visit.hospital.units), {}))
  }
  return records
}

function encounter(
  visit: Visit,
  recordId: string,
  kind: EncounterRecord['kind'],
  from: number,
  to: number | null,
  unit: string,
  more: Partial<EncounterRecord>,
): EncounterRecord {
  const { plusOne } = visit.hospital
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: visit.registration.ipp,
    encounter_nda: visit.nda,
    kind,
    status: to === null ? 'in_progress' : 'finished',
    started_at: timestamp(momentOf(visit, from), plusOne),
    ended_at: to === null ? null : timestamp(momentOf(visit, to), plusOne),
    care_unit: unit,
    admission_mode: more.admission_mode ?? null,
    discharge_mode: more.discharge_mode ?? null,
    reason_code: kind === 'movement' ? null : visit.reason.code,
    reason_text: more.reason_text ?? null,
  }
}

/** People type the reason as free text, and some type names into it. */
function reasonText(visit: Visit, random: Random): string | null {
  if (random.chance(0.4)) return null
  const { person } = visit.registration
  if (random.chance(0.8)) return visit.reason.label
  const name = `${spell(person.usedFamilyName, 'upper')} ${person.givenNames[0]}`
  return random.chance(0.5)
    ? `${name}, ${visit.reason.label}, adressé par ${random.pick(visit.hospital.doctors).signature}`
    : `${visit.reason.label} ; prévenir ${person.relative ?? 'la famille'} au ${person.home.phone}`
}

/** The principal diagnosis, then conditions of the patient and other associated diagnoses. */
export function diagnoses(visit: Visit, nextId: NextId, random: Random): DiagnosisRecord[] {
  const more =
    visit.kind === 'inpatient'
      ? random.int(1, 4)
      : visit.kind === 'emergency'
        ? random.int(0, 1)
        : visit.kind === 'day_hospital'
          ? random.int(0, 2)
          : random.chance(0.2)
            ? 1
            : 0
  const records = [diagnosis(visit, nextId(), visit.reason.code, 'principal', random)]
  const conditionCodes = CONDITIONS.filter(
    ({ name }) => visit.registration.person.conditions & conditionBit(name),
  ).flatMap(({ cim10 }) => cim10.slice(0, 1))
  const adult = ageAt(visit.registration.person, visit.startMs) >= 18
  const others = adult
    ? [...conditionCodes, random.pick(ASSOCIATED), random.pick(ASSOCIATED), 'Z602']
    : ['R509', 'R11', 'E86', 'R53']
  for (const code of new Set(others)) {
    if (records.length > more) break
    if (code === visit.reason.code) continue
    records.push(
      diagnosis(visit, nextId(), code, records.length === 1 && random.chance(0.15) ? 'related' : 'associated', random),
    )
  }
  return records
}

function diagnosis(
  visit: Visit,
  recordId: string,
  code: string,
  kind: DiagnosisRecord['kind'],
  random: Random,
): DiagnosisRecord {
  const onset = random.chance(0.3) ? visit.startMs - random.int(0, 30) * DAY_MS : null
  const resolved = onset !== null && visit.endMs !== null && random.chance(0.4)
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: visit.registration.ipp,
    encounter_nda: visit.nda,
    code_system: 'cim10',
    code,
    kind,
    verification_status: 'confirmed',
    recorded_at: timestamp(momentOf(visit, random.next()), visit.hospital.plusOne),
    onset_on: onset === null ? null : dateOf(Math.max(onset, visit.registration.person.birthMs)),
    resolved_on: resolved ? dateOf(visit.horizonMs) : null,
    comment: random.chance(0.03) ? `Confirmé par ${random.pick(visit.hospital.doctors).signature}` : null,
  }
}

export function procedures(visit: Visit, nextId: NextId, random: Random): ProcedureRecord[] {
  const shares: Readonly<Record<Visit['kind'], number>> = {
    inpatient: 2,
    emergency: 1.3,
    outpatient: 0.8,
    day_hospital: 1.7,
    home: 0.2,
    virtual: 0,
  }
  const share = shares[visit.kind]
  const count = Math.floor(share) + (random.chance(share % 1) ? 1 : 0)
  return Array.from({ length: count }, (_, nth) => {
    const procedure = procedureFor(visit.reason.code, nth)
    const startMs = momentOf(visit, 0.05 + random.next() * 0.5)
    const endMs = Math.min(startMs + procedure.minutes * 60_000, visit.horizonMs)
    return {
      record_id: nextId(),
      record_version: 0,
      operation: 'upsert',
      patient_ipp: visit.registration.ipp,
      encounter_nda: visit.nda,
      code_system: 'ccam',
      code: procedure.code,
      status: 'completed',
      performed_at: timestamp(startMs, visit.hospital.plusOne),
      ended_at: random.chance(0.6) ? timestamp(endMs, visit.hospital.plusOne) : null,
      care_unit: visit.unit,
      performer_rpps: random.pick(visit.hospital.doctors).rpps,
      comment: random.chance(0.05) ? `${procedure.label}, sans incident` : null,
    }
  })
}
