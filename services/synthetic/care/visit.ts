/** One visit: its reason, time and place. The other files of this folder make its records. */
import { CONDITIONS, conditionBit } from '../data/conditions.ts'
import { REASONS, type Reason } from '../data/diagnoses.ts'
import type { BinarySex } from '../data/given-names.ts'
import type { Hospital } from '../hospital/hospital.ts'
import type { Registration } from '../hospital/registration.ts'
import { ageAt, DAY_MS } from '../people/person.ts'
import { type Random, type Weighted, weighted } from '../random.ts'

export type VisitKind = 'inpatient' | 'outpatient' | 'emergency' | 'day_hospital' | 'home' | 'virtual'

export interface Visit {
  readonly hospital: Hospital
  readonly registration: Registration
  readonly kind: VisitKind
  readonly nda: string
  readonly startMs: number
  /** Null while the stay continues. */
  readonly endMs: number | null
  /** Last moment with data: the end of the visit, or the last moment of the simulation. */
  readonly horizonMs: number
  readonly reason: Reason
  readonly unit: string
  readonly dies: boolean
}

const HOUR_MS = 3_600_000
const KINDS = weighted<VisitKind>([
  ['inpatient', 25],
  ['emergency', 25],
  ['outpatient', 32],
  ['day_hospital', 13],
  ['home', 2],
  ['virtual', 3],
])
/** Share of a chronic patient's visits that are for the condition itself. */
const FOR_CONDITION = 0.4

/**
 * @param untilMs no data exist after it
 * @param mayDie false when too many persons have died already
 */
export function planVisit(
  hospital: Hospital,
  registration: Registration,
  visitNumber: number,
  atMs: number,
  untilMs: number,
  mayDie: boolean,
  random: Random,
): Visit {
  const { person } = registration
  const age = ageAt(person, atMs)
  const kind = KINDS.draw(random)
  const plannedEnd = atMs + Math.floor(lengthOf(kind, age, random) / 1000) * 1000
  const over = plannedEnd <= untilMs
  const horizonMs = over ? plannedEnd : untilMs
  return {
    hospital,
    registration,
    kind,
    nda: hospital.nda(visitNumber, new Date(atMs).getUTCFullYear()),
    startMs: atMs,
    endMs: over ? plannedEnd : null,
    horizonMs,
    reason: reasonFor(registration, age, random),
    unit: random.pick(hospital.units),
    dies: over && mayDie && person.lastSeenMs <= horizonMs && random.chance(deathChance(kind, age)),
  }
}

/** @returns a moment of the visit, in whole seconds: 0 its start, 1 its end */
export function momentOf(visit: Visit, fraction: number): number {
  return visit.startMs + Math.floor(((visit.horizonMs - visit.startMs) * fraction) / 1000) * 1000
}

function lengthOf(kind: VisitKind, age: number, random: Random): number {
  switch (kind) {
    case 'inpatient':
      return (1 + random.next() * random.next() * (6 + age / 6)) * DAY_MS
    case 'emergency':
      return (1.5 + random.next() * 9) * HOUR_MS
    case 'day_hospital':
      return (4 + random.next() * 5) * HOUR_MS
    case 'outpatient':
    case 'home':
    case 'virtual':
      return (0.25 + random.next() * 0.75) * HOUR_MS
  }
}

/** About one record in a thousand is a death. */
function deathChance(kind: VisitKind, age: number): number {
  if (kind === 'emergency') return age > 65 ? 0.008 : 0.0005
  if (kind !== 'inpatient') return 0
  return age < 40 ? 0.004 : age < 65 ? 0.035 : age < 80 ? 0.1 : 0.2
}

function reasonFor({ person }: Registration, age: number, random: Random): Reason {
  if (person.conditions !== 0 && random.chance(FOR_CONDITION)) {
    const conditions = CONDITIONS.filter(({ name }) => person.conditions & conditionBit(name))
    const condition = random.pick(conditions)
    return { code: random.pick(condition.cim10), label: condition.label, minAge: 0, maxAge: 120, weight: 1 }
  }
  return reasonsAt(person.sex, Math.floor(age)).draw(random)
}

const reasonsBySexAndAge = new Map<string, Weighted<Reason>>()

function reasonsAt(sex: BinarySex, age: number): Weighted<Reason> {
  const key = `${sex}${age}`
  let list = reasonsBySexAndAge.get(key)
  if (!list) {
    list = weighted(
      REASONS.filter(
        (reason) => age >= reason.minAge && age <= reason.maxAge && (!reason.onlySex || reason.onlySex === sex),
      ).map((reason) => [reason, reason.weight] as const),
    )
    reasonsBySexAndAge.set(key, list)
  }
  return list
}
