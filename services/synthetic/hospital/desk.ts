/** The registration desk of a hospital: which persons come for the first time or again, and under which numbers. */

import type { Person } from '../people/person.ts'
import { type Population } from '../people/population.ts'
import type { Random } from '../random.ts'
import type { Hospital } from './hospital.ts'
import { type ErrorRates, type Registration, writeContact, writeIdentity } from './registration.ts'

export interface Desk {
  /** Adds a person who will come here later; persons come in about the order in which they were added. */
  expect(person: Person): void
  /** @returns a new registration, or null when no living person is left who has not come yet */
  newcomer(atMs: number): Registration | null
  /** @returns the registration of a living person, if possible of one who is in no hospital at that time; null when none is found */
  returning(atMs: number): Registration | null
  /** Registers a person a second time under new numbers, as a desk does when it does not find the first registration. */
  duplicate(registration: Registration, atMs: number): Registration
}

/** A newcomer is drawn from this many, so that a family does not register together. */
const WINDOW = 40
const TRIES = 8

export function desk(
  hospital: Hospital,
  people: Population,
  assignHousehold: () => void,
  rates: ErrorRates,
  random: Random,
): Desk {
  const expected: Person[] = []
  let head = 0
  const registrations: Registration[] = []

  function register(person: Person, atMs: number): Registration {
    const n = registrations.length
    const registration: Registration = {
      person,
      ipp: hospital.ipp(n),
      recordId: `pat-${n + 1}`,
      version: 0,
      identity: writeIdentity(person, hospital.spelling, rates, atMs, random),
      contact: writeContact(person, hospital.spelling, rates, random),
    }
    registrations.push(registration)
    return registration
  }

  return {
    expect: (person) => void expected.push(person),
    newcomer(atMs) {
      for (;;) {
        while (expected.length - head < WINDOW && people.persons.length < people.size) assignHousehold()
        if (head >= expected.length) return null
        const at = head + random.int(0, Math.min(WINDOW, expected.length - head) - 1)
        const person = expected[at] as Person
        expected[at] = expected[head] as Person
        head++
        if (person.diedMs === null) return register(person, atMs)
      }
    },
    returning(atMs) {
      let found: Registration | null = null
      for (let i = 0; i < TRIES && registrations.length > 0; i++) {
        const registration = random.pick(registrations)
        if (registration.person.diedMs !== null) continue
        found = registration
        if (registration.person.lastSeenMs <= atMs) break
      }
      return found
    },
    duplicate: (registration, atMs) => register(registration.person, atMs),
  }
}
