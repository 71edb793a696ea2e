/** Measurements and laboratory results of a visit: by panel, around the reference range, shifted by age and conditions. */
import { conditionBit } from '../data/conditions.ts'
import { CODED, PANELS, rangeOf, type Test } from '../data/tests.ts'
import { ageAt } from '../people/person.ts'
import { type Random, weighted } from '../random.ts'
import { type ObservationRecord, timestamp } from '../records.ts'
import type { NextId } from './stay.ts'
import { momentOf, type Visit } from './visit.ts'

const ALL = weighted(PANELS.map((panel) => [panel, panel.weight] as const))
const FOR_CHILDREN = weighted(PANELS.filter(({ adult }) => !adult).map((panel) => [panel, panel.weight] as const))
const CODED_RESULTS = CODED.map(({ loinc, values }) => ({ loinc, values: weighted(values) }))
/** Share of results far outside the reference range, as ill patients have them. */
const ABNORMAL = 0.06
/** For each test, bit and factor of the conditions that change its value; looked up once. */
const SHIFTS = new Map<Test, readonly (readonly [number, number])[]>(
  PANELS.flatMap(({ tests }) =>
    tests.map((one) => [
      one,
      Object.entries(one.shift ?? {}).map(([name, factor]) => [conditionBit(name), factor] as const),
    ]),
  ),
)

export function observations(visit: Visit, nextId: NextId, random: Random): ObservationRecord[] {
  const wanted = wantedOf(visit, random)
  const panels = ageAt(visit.registration.person, visit.startMs) >= 18 ? ALL : FOR_CHILDREN
  const records: ObservationRecord[] = []
  while (records.length < wanted) {
    const atMs = momentOf(visit, random.next())
    for (const one of panels.draw(random).tests) {
      if (records.length >= wanted) break
      records.push(numeric(visit, nextId(), one, atMs, random))
    }
  }
  if (panels === ALL && random.chance(0.12)) records.push(coded(visit, nextId(), random))
  return records
}

function wantedOf(visit: Visit, random: Random): number {
  switch (visit.kind) {
    case 'inpatient':
      return random.int(8, 32)
    case 'emergency':
      return random.int(3, 11)
    case 'day_hospital':
      return random.int(2, 10)
    case 'outpatient':
      return random.int(0, 4)
    case 'home':
    case 'virtual':
      return random.int(0, 2)
  }
}

function numeric(visit: Visit, recordId: string, one: Test, atMs: number, random: Random): ObservationRecord {
  const { person } = visit.registration
  const [low, high] = rangeOf(one, person.sex)
  const spread = (high - low) / 4
  let value = random.normal((low + high) / 2, random.chance(ABNORMAL) ? spread * 4 : spread)
  for (const [bit, factor] of SHIFTS.get(one) ?? []) if (person.conditions & bit) value *= factor
  if (one.perYear) value *= 1 + one.perYear * Math.max(0, ageAt(person, visit.startMs) - 40)
  const scale = 10 ** one.decimals
  const reference = one.noReference !== true
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: visit.registration.ipp,
    encounter_nda: visit.nda,
    code_system: 'loinc',
    code: one.loinc,
    status: 'final',
    value_kind: 'quantity',
    effective_at: timestamp(atMs, visit.hospital.plusOne),
    value_number: Math.round(Math.min(one.limits[1], Math.max(one.limits[0], value)) * scale) / scale,
    value_unit: one.unit,
    value_code: null,
    reference_low: reference ? low : null,
    reference_high: reference ? high : null,
    comment: random.chance(0.01) ? 'Prélèvement hémolysé, à contrôler' : null,
  }
}

function coded(visit: Visit, recordId: string, random: Random): ObservationRecord {
  const { loinc, values } = random.pick(CODED_RESULTS)
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: visit.registration.ipp,
    encounter_nda: visit.nda,
    code_system: 'loinc',
    code: loinc,
    status: 'final',
    value_kind: 'code',
    effective_at: timestamp(momentOf(visit, random.next()), visit.hospital.plusOne),
    value_number: null,
    value_unit: null,
    value_code: values.draw(random),
    reference_low: null,
    reference_high: null,
    comment: null,
  }
}
