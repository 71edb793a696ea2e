/** Which subjects are which persons: pure. A subject is linked to one person, and a person to one subject, or neither is linked. */
import { probabilityOf } from '#core/linkage/score.ts'

export type Unlinked = 'none' | 'multiple' | 'uncertain'

export interface Linked {
  readonly ticket: string
  readonly person: string
  /** Name of the pass. */
  readonly pass: string
  /** How sure it is that the two are one person; null where there was nothing to compare beside the number. */
  readonly probability: number | null
}

export interface Decided {
  readonly linked: readonly Linked[]
  /** Of each other subject why it is not. */
  readonly unlinked: ReadonlyMap<string, Unlinked>
}

/** A person that may be a subject, by the records of one patient. */
export interface Candidate {
  readonly person: string
  /** Log2 odds; 0 where there were no traits. */
  readonly weight: number
  readonly number: boolean
}

const HASH_PASS = 'hashed number'
const NUMBER_PASS = 'national number'
const SCORED_PASS = 'model'

/**
 * By the national number: one person has it, and the traits do not contradict. By the model: one person is likely, and above the threshold. A subject that
 * may be several persons is none of them, and so are all subjects that would be one person.
 *
 * @param threshold probability from which the model links
 */
export function decideDirect(
  subjects: readonly { readonly ticket: string; readonly candidates: readonly Candidate[] }[],
  threshold: number,
): Decided {
  const unlinked = new Map<string, Unlinked>()
  const found: Linked[] = []
  for (const { ticket, candidates } of subjects) {
    const numbered = candidates.filter(({ number }) => number)
    const asked = numbered.length > 0 ? numbered : candidates
    const [first] = asked
    const persons = new Set(asked.map(({ person }) => person))
    const weight = Math.max(...asked.map((one) => one.weight))
    const probability = probabilityOf(weight)
    if (!first) unlinked.set(ticket, 'none')
    else if (persons.size > 1) unlinked.set(ticket, 'multiple')
    else if (numbered.length > 0 ? weight <= 0 : probability < threshold) unlinked.set(ticket, 'uncertain')
    else
      found.push({ ticket, person: first.person, pass: numbered.length > 0 ? NUMBER_PASS : SCORED_PASS, probability })
  }
  return oneToOne(found, unlinked)
}

/** By the hash of a number alone. A subject that has several persons is none of them, and so are all subjects that have one person. */
export function decideHashed(
  subjects: readonly { readonly ticket: string; readonly candidates: readonly Candidate[] }[],
): Decided {
  const unlinked = new Map<string, Unlinked>()
  const found: Linked[] = []
  for (const { ticket, candidates } of subjects) {
    const [person, ...others] = new Set(candidates.map((one) => one.person))
    if (person === undefined) unlinked.set(ticket, 'none')
    else if (others.length > 0) unlinked.set(ticket, 'multiple')
    else found.push({ ticket, person, pass: HASH_PASS, probability: null })
  }
  return oneToOne(found, unlinked)
}

/** @param unlinked takes those of whom several have one person */
function oneToOne(found: readonly Linked[], unlinked: Map<string, Unlinked>): Decided {
  const byPerson = Map.groupBy(found, ({ person }) => person)
  const isAlone = ({ person }: Linked) => byPerson.get(person)?.length === 1
  for (const one of found) if (!isAlone(one)) unlinked.set(one.ticket, 'multiple')
  return { linked: found.filter(isAlone), unlinked }
}

/** Of a subject in one step of an indirect linkage. */
export interface StepRow {
  readonly ticket: string
  /** Persons who have all criteria of the step. */
  readonly persons: number
  /** One of them. */
  readonly person: string
  /** Subjects, not linked yet, who have one of these persons, this one included. */
  readonly claims: number
}

/**
 * @param taken persons of earlier steps
 * @returns tickets that are linked, and those that have several persons, or a person whom another subject has
 */
export function decideStep(
  rows: readonly StepRow[],
  taken: ReadonlySet<string>,
): { readonly linked: ReadonlyMap<string, string>; readonly multiple: ReadonlySet<string> } {
  const isOne = ({ persons, claims, person }: StepRow) => persons === 1 && claims === 1 && !taken.has(person)
  return {
    linked: new Map(rows.filter(isOne).map(({ ticket, person }) => [ticket, person])),
    multiple: new Set(rows.filter((row) => !isOne(row)).map(({ ticket }) => ticket)),
  }
}

/**
 * How many persons have by chance what a subject has: feeds are taken as independent of each other, columns of one feed are counted together.
 *
 * @param persons of the warehouse @param byFeed of each feed the persons who have the values of the subject, the right one included
 */
export function expectedByChance(persons: number, byFeed: readonly number[]): number {
  return byFeed.reduce((product, count) => product * (count / persons), persons)
}

/**
 * The probability that the only person found is another one: either the right one is in the warehouse, and nobody else has the values by chance; or it is
 * not, and one other person has them (Poisson). e^-λ is in both.
 *
 * @param chance λ, `expectedByChance` @param share of the subjects who are in the warehouse, as far as it is known
 */
export function falseMatchProbability(chance: number, share: number): number {
  const wrong = (1 - share) * chance
  return wrong / (share + wrong)
}
