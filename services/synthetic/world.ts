/**
 * The stream of a simulated region: visit after visit, each the records of one patient at one hospital. Pure: the same
 * options produce the same records in the same order; nothing here reads a clock, the environment or a file.
 */
import { type Corrections, corrections } from './care/corrections.ts'
import { deathRecords } from './care/deaths.ts'
import { note } from './care/notes.ts'
import { observations } from './care/results.ts'
import { diagnoses, encounters, type NextId, procedures } from './care/stay.ts'
import { treatment } from './care/treatments.ts'
import { momentOf, planVisit, type Visit, type VisitKind } from './care/visit.ts'
import { type Desk, desk } from './hospital/desk.ts'
import { type Hospital, hospitalOf } from './hospital/hospital.ts'
import {
  type ErrorRates,
  patientRecord,
  type Registration,
  writeContact,
  writeIdentity,
} from './hospital/registration.ts'
import { population } from './people/population.ts'
import { type Random, randomOf, weighted } from './random.ts'
import type { Feed, SimulatedRecord } from './records.ts'

export interface WorldOptions {
  readonly seed: number
  readonly hospitals: number
  /** True persons; each becomes a patient of one or more hospitals. */
  readonly patients: number
  /** First and last moment of the records; milliseconds since 1970. */
  readonly startMs: number
  readonly untilMs: number
  readonly rates: ErrorRates
  /** Share of persons who go to more than one hospital. */
  readonly shared: number
}

/** Visits per hospital in which half of the time passes, then ever less: an endless stream never reaches `untilMs`. */
const HALF_TIME_VISITS = 1_000
/** Share of visits that are a patient's first, while some persons have not come yet. */
const NEWCOMERS = 0.47
/** Share of returning visits at which the identity changes, and at which the patient is registered a second time. */
const UPDATE_RATE = 0.03
const DUPLICATE_RATE = 0.003
/** At most this share of the persons made so far can die. */
const MAX_DEAD_SHARE = 0.15
const NOTES: Readonly<Record<VisitKind, number>> = {
  inpatient: 1.2,
  emergency: 0.7,
  outpatient: 0.35,
  day_hospital: 0.5,
  home: 0.3,
  virtual: 0.3,
}

interface Site {
  readonly hospital: Hospital
  readonly desk: Desk
  readonly random: Random
  readonly corrections: Corrections
  readonly nextId: Readonly<Record<Feed, NextId>>
  visits: number
}

/** @returns the records of each visit, endlessly; a patient's record comes before the records that refer to it */
export function* world(options: WorldOptions): Generator<readonly SimulatedRecord[], never> {
  const seed = String(options.seed)
  const people = population(seed, options.patients, options.startMs)
  const draw = randomOf(`${seed}/visits`)
  const sharing = randomOf(`${seed}/sharing`)
  const hospitals = Array.from({ length: options.hospitals }, (_, index) => hospitalOf(seed, index))
  const bySize = weighted(hospitals.map(({ index }) => [index, 1 / (index + 2)] as const))
  const sites: Site[] = hospitals.map((hospital) => {
    const random = randomOf(`${seed}/${hospital.producer}/care`)
    return {
      hospital,
      desk: desk(hospital, people, assignHousehold, options.rates, randomOf(`${seed}/${hospital.producer}/desk`)),
      random,
      corrections: corrections(randomOf(`${seed}/${hospital.producer}/corrections`)),
      nextId: identifiers(),
      visits: 0,
    }
  })
  let dead = 0
  let registered = 0

  /** Makes a household and assigns its members to hospitals. */
  function assignHousehold() {
    for (const person of people.grow()) {
      const first = bySize.draw(sharing)
      sites[first]?.desk.expect(person)
      if (options.hospitals > 1 && sharing.chance(options.shared)) {
        const other = (first + sharing.int(1, options.hospitals - 1)) % options.hospitals
        sites[other]?.desk.expect(person)
      }
    }
  }

  for (let visits = 0; ; visits++) {
    const elapsed = visits / (visits + HALF_TIME_VISITS * options.hospitals)
    const atMs = Math.floor((options.startMs + (options.untilMs - options.startMs) * elapsed) / 1000) * 1000
    const site = sites[bySize.draw(draw)] as Site
    const made: SimulatedRecord[] = []
    const registration = arrive(site, atMs, options, made)
    if (!registration) continue
    const visit = planVisit(
      site.hospital,
      registration,
      site.visits++,
      atMs,
      options.untilMs,
      dead + 1 <= people.persons.length * MAX_DEAD_SHARE,
      site.random,
    )
    care(site, visit, made)
    if (visit.dies) {
      dead++
      registration.person.diedMs = visit.horizonMs
      made.push(...deathRecords(visit, site.nextId.death, registered++, options.rates, site.random))
      registration.version++
      made.push(patient(site, registration, visit.horizonMs))
    }
    if (visit.endMs !== null) registration.person.lastSeenMs = Math.max(registration.person.lastSeenMs, visit.endMs)
    for (const one of made) site.corrections.note(one)
    made.push(...site.corrections.due())
    yield made
  }
}

/** A patient comes: for the first time, again, again with changed data, or again and not recognised. */
function arrive(site: Site, atMs: number, options: WorldOptions, made: SimulatedRecord[]): Registration | null {
  const { random } = site
  const known = random.chance(NEWCOMERS) ? null : site.desk.returning(atMs)
  if (!known) {
    const newcomer = site.desk.newcomer(atMs)
    if (newcomer) made.push(patient(site, newcomer, atMs))
    return newcomer ?? site.desk.returning(atMs)
  }
  if (random.chance(DUPLICATE_RATE)) {
    const duplicate = site.desk.duplicate(known, atMs)
    made.push(patient(site, duplicate, atMs))
    return duplicate
  }
  if (random.chance(UPDATE_RATE)) {
    known.version++
    if (random.chance(0.4))
      known.identity = writeIdentity(known.person, site.hospital.spelling, options.rates, atMs, random)
    known.contact = writeContact(known.person, site.hospital.spelling, options.rates, random)
    made.push(patient(site, known, atMs))
  }
  return known
}

function patient(site: Site, registration: Registration, atMs: number): SimulatedRecord {
  return {
    producer: site.hospital.producer,
    feed: 'patient',
    personId: registration.person.id,
    record: patientRecord(registration, site.hospital, atMs),
  }
}

function care(site: Site, visit: Visit, made: SimulatedRecord[]): void {
  const { random, nextId } = site
  const { producer } = site.hospital
  for (const record of encounters(visit, nextId.encounter, random)) made.push({ producer, feed: 'encounter', record })
  for (const record of diagnoses(visit, nextId.diagnosis, random)) made.push({ producer, feed: 'diagnosis', record })
  for (const record of procedures(visit, nextId.procedure, random)) made.push({ producer, feed: 'procedure', record })
  for (const record of observations(visit, nextId.observation, random))
    made.push({ producer, feed: 'observation', record })
  const drugs = treatment(visit, nextId.medication, random)
  for (const record of drugs.records) made.push({ producer, feed: 'medication', record })
  const share = NOTES[visit.kind]
  const notes = Math.floor(share) + (random.chance(share % 1) ? 1 : 0)
  for (let i = 0; i < notes; i++) {
    const atMs = momentOf(visit, i === 0 ? 1 : random.next())
    made.push({ producer, feed: 'document', record: note(visit, nextId.document(), atMs, drugs.line, random) })
  }
}

/** Each hospital numbers the records of each feed from 1: a record id is unique within its producer only. */
function identifiers(): Site['nextId'] {
  const counter = (prefix: string): NextId => {
    let last = 0
    return () => `${prefix}-${++last}`
  }
  return {
    patient: counter('pat'),
    encounter: counter('enc'),
    diagnosis: counter('dia'),
    procedure: counter('act'),
    observation: counter('obs'),
    medication: counter('med'),
    document: counter('doc'),
    death: counter('dec'),
  }
}
