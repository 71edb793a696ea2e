/** Drugs of a visit: those of the patient's conditions first, then common drugs of hospitals. */
import { CONDITIONS, conditionBit } from '../data/conditions.ts'
import { CHILD_DRUGS, COMMON_DRUGS, type Drug, drugOf } from '../data/drugs.ts'
import { ageAt, DAY_MS } from '../people/person.ts'
import { type Random, weighted } from '../random.ts'
import { type MedicationRecord, timestamp } from '../records.ts'
import type { NextId } from './stay.ts'
import { momentOf, type Visit } from './visit.ts'

const IN_HOSPITAL = weighted([
  ['request', 50],
  ['administration', 50],
] as const)
const OUTSIDE = weighted([
  ['request', 75],
  ['dispense', 25],
] as const)
const ROUTES: Readonly<Record<string, string>> = {
  PO: 'voie orale',
  IV: 'voie intraveineuse',
  SC: 'voie sous-cutanée',
  INH: 'voie inhalée',
}

export interface Treatment {
  readonly records: readonly MedicationRecord[]
  /** The text of the list in a note. */
  readonly line: string
}

export function treatment(visit: Visit, nextId: NextId, random: Random): Treatment {
  const drugs = drugsFor(visit, countOf(visit, random), random)
  const records = drugs.map((drug) => medication(visit, nextId(), drug, random))
  const line = drugs.map((drug) => `${drug.name} ${drug.doses[0]} ${drug.unit}`).join(', ')
  return { records, line: line || 'paracétamol si douleur' }
}

function countOf(visit: Visit, random: Random): number {
  switch (visit.kind) {
    case 'inpatient':
      return random.int(2, 8)
    case 'emergency':
      return random.int(0, 3)
    case 'day_hospital':
      return random.int(0, 3)
    case 'outpatient':
    case 'home':
    case 'virtual':
      return random.int(0, 2)
  }
}

function drugsFor(visit: Visit, count: number, random: Random): Drug[] {
  const { person } = visit.registration
  if (ageAt(person, visit.startMs) < 15)
    return Array.from({ length: Math.min(count, 2) }, () => random.pick(CHILD_DRUGS))
  const own = CONDITIONS.filter(({ name }) => person.conditions & conditionBit(name)).flatMap(({ atc }) => atc)
  const chosen = new Set<Drug>()
  for (const code of own) if (chosen.size < count && random.chance(0.6)) chosen.add(drugOf(code))
  for (let tries = 0; chosen.size < count && tries < 20; tries++) chosen.add(random.pick(COMMON_DRUGS))
  return [...chosen]
}

function medication(visit: Visit, recordId: string, drug: Drug, random: Random): MedicationRecord {
  const inHospital = visit.kind === 'inpatient' || visit.kind === 'emergency' || visit.kind === 'day_hospital'
  const kind = (inHospital ? IN_HOSPITAL : OUTSIDE).draw(random)
  const startMs = momentOf(visit, random.next() * 0.7)
  const days = random.int(1, 10)
  const endMs = kind === 'request' ? startMs + days * DAY_MS : Math.min(startMs + 1_800_000, visit.horizonMs)
  const quantity = random.pick(drug.doses)
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: visit.registration.ipp,
    encounter_nda: visit.nda,
    kind,
    status: endMs > visit.horizonMs ? 'active' : 'completed',
    intent: kind === 'request' ? 'order' : null,
    code_system: visit.hospital.usesUcd ? 'ucd' : 'atc',
    code: visit.hospital.usesUcd ? drug.ucd : drug.atc,
    started_at: timestamp(startMs, visit.hospital.plusOne),
    ended_at: kind === 'request' && endMs > visit.horizonMs ? null : timestamp(endMs, visit.hospital.plusOne),
    quantity,
    quantity_unit: drug.unit,
    route: drug.route,
    dosage_text:
      kind === 'request'
        ? `${drug.name} ${quantity} ${drug.unit}, ${random.int(1, 3)} fois par jour, ${ROUTES[drug.route]}`
        : null,
  }
}
