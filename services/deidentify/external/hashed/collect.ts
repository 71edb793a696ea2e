/** What a circuit has found, for the steps after it: subjects by ticket, and patients by ticket. */
import type { Facts, MatchedSubject, TicketedSubject } from '#core/linkage/external.ts'
import type { Circuit } from './circuits.ts'
import type { HeldList } from './held-list.ts'
import type { AllFound } from './matches.ts'

export interface Collected {
  readonly tickets: readonly TicketedSubject[]
  readonly matched: readonly MatchedSubject[]
  /** Of the circuit and its window; times are ISO 8601, empty where there is none. */
  readonly facts: Facts
}

/** Pure but for `ticket`. @param now milliseconds since 1970 @returns both lists in the order of the tickets, which is not that of the list */
export function collectSubjects(
  { project, opened_at, closes }: Circuit,
  { subjects, least }: HeldList,
  found: AllFound,
  { now, ticket }: { readonly now: number; readonly ticket: () => string },
): Collected {
  const made = subjects
    .map(({ subject }, index) => ({ ticket: ticket(), subject, patients: [...(found.patients.get(index) ?? [])] }))
    .toSorted((one, other) => (one.ticket < other.ticket ? -1 : 1))
  const time = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString())
  return {
    tickets: made.map(({ ticket: own, subject }) => ({ ticket: own, subject })),
    matched: made.map(({ ticket: own, patients }) => ({
      ticket: own,
      // There were no traits to compare: no odds.
      candidates: patients.toSorted().map((patient) => ({ patient, weight: 0, number: true })),
    })),
    facts: {
      ...{ project, least, opened: opened_at, closed: time(Math.min(now, closes)), processes: found.files },
      ...{ compared_since: time(found.since), compared_until: time(found.until) },
      ...{ compared: found.compared, numbered: found.numbered },
    },
  }
}
