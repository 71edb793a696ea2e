/** Deaths: the hospital's own record, and for many a second one from the death register, which uses other numbers for the person. */
import { DEATH_REGISTER } from '../hospital/hospital.ts'
import { type ErrorRates, writeIdentity } from '../hospital/registration.ts'
import { dateOf } from '../people/person.ts'
import type { Random } from '../random.ts'
import type { DeathRecord, SimulatedRecord } from '../records.ts'
import type { NextId } from './stay.ts'
import type { Visit } from './visit.ts'

/** Share of hospital deaths that the register also sends. */
const REGISTERED = 0.6

/** @param number number of the registry act, from 0 */
export function deathRecords(
  visit: Visit,
  nextId: NextId,
  number: number,
  rates: ErrorRates,
  random: Random,
): SimulatedRecord[] {
  const { person, identity, ipp } = visit.registration
  const made: SimulatedRecord[] = [
    {
      producer: visit.hospital.producer,
      feed: 'death',
      personId: person.id,
      record: death(visit, nextId(), ipp, identity, null),
    },
  ]
  if (random.chance(REGISTERED)) {
    const own = `D${String(number + 1).padStart(8, '0')}`
    const written = writeIdentity(person, 'upper', rates, visit.horizonMs, random)
    // The register is no hospital: it has the NIR and the number of the registry act, and no qualified INS.
    const traits = { ...written, ins: null, identity_status: null }
    const act = `${visit.hospital.commune.insee}-${number + 1}`
    made.push({
      producer: DEATH_REGISTER,
      feed: 'death',
      personId: person.id,
      record: death(visit, `acte-${number + 1}`, own, traits, act),
    })
  }
  return made
}

function death(
  visit: Visit,
  recordId: string,
  ipp: string,
  traits: Visit['registration']['identity'],
  act: string | null,
): DeathRecord {
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: ipp,
    ...traits,
    died_on: dateOf(visit.horizonMs),
    death_place_insee: visit.hospital.commune.insee,
    cause_code: visit.reason.code.startsWith('Z') ? 'R99' : visit.reason.code,
    registry_act: act,
  }
}
