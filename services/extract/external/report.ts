/** What is told of a linkage: counts, of which small ones are masked. It has neither a subject nor a person. */

import type { Facts } from '#core/linkage/external.ts'
import { type Shown, shownCells, shownCount, shownShare } from '#core/linkage/mask.ts'
import type { Circuit } from '../project-schema.ts'
import type { Decided, Unlinked } from './decide.ts'
import type { StepOutcome } from './indirect.ts'

export interface ExternalReport {
  readonly format: 'chainon-external-linkage-report/1'
  readonly id: string
  readonly project: string
  readonly circuit: Circuit
  readonly made: { readonly at: string; readonly by: string; readonly chainon: string }
  /** Null in a dry run. */
  readonly expires: string | null
  readonly population: {
    readonly subjects: Shown
    /** Records that the linker knows, or persons of the warehouse with a record in a compared feed. */
    readonly compared_with: { readonly what: string; readonly count: Shown }
  }
  /** Share of the subjects who have the trait or criterion. */
  readonly completeness: readonly { readonly name: string; readonly share: Shown | null }[]
  readonly result: {
    readonly linked: Shown
    readonly not_linked: readonly { readonly why: string; readonly subjects: Shown }[]
    readonly share: Shown | null
  }
  readonly passes: readonly {
    readonly pass: string
    readonly linked: Shown
    readonly multiple: Shown | null
    readonly none: Shown | null
    /** What two persons agree on by chance, in bits. */
    readonly bits: number | null
    /** Null where nothing says it: of a hash nothing but the number was compared. */
    readonly expected_false: Shown | null
    readonly skipped: boolean
  }[]
  /** Of the links of all passes; null as `expected_false`. */
  readonly expected_precision: number | null
  /** Of the hashed circuit: whom it could find. Null of the others. */
  readonly window: {
    readonly opened: string
    readonly closed: string
    /** First and last time at which a process was comparing; null when none was. */
    readonly compared_since: string | null
    readonly compared_until: string | null
    /** Processes of `deidentify` that have compared. */
    readonly processes: number
    /** A record that came several times counts several times. */
    readonly records_compared: Shown
    /** Share of them that have a number which counts. */
    readonly with_number: Shown | null
  } | null
  readonly method: readonly string[]
}

const WHY: Readonly<Record<Unlinked, string>> = {
  none: 'nobody found',
  multiple: 'several persons, or several subjects for one person: excluded',
  uncertain: 'below the threshold, or the traits contradict the number',
}

export interface Reported {
  readonly id: string
  readonly project: string
  readonly circuit: Circuit
  readonly made: ExternalReport['made']
  readonly expires: string | null
  readonly subjects: number
  readonly comparedWith: { readonly what: string; readonly count: number }
  readonly completeness: readonly { readonly name: string; readonly present: number }[]
  readonly decided: Decided
  /** Of the indirect circuit. */
  readonly steps?: readonly StepOutcome[]
  readonly threshold?: number
  /** Of the hashed circuit: what `deidentify` says of it. */
  readonly window?: Facts
}

const HUNDREDTHS = 100
const TENTHS = 10

export function reportOf(given: Reported): ExternalReport {
  const { decided, subjects, steps, threshold, window } = given
  const reasons = Object.keys(WHY) as Unlinked[]
  const counts = reasons.map((why) => [...decided.unlinked.values()].filter((one) => one === why).length)
  const [linked = 0, ...notLinked] = shownCells([decided.linked.length, ...counts])
  const sure = sureOf(decided.linked)
  return {
    format: 'chainon-external-linkage-report/1',
    ...{ id: given.id, project: given.project, circuit: given.circuit, made: given.made, expires: given.expires },
    population: {
      subjects: shownCount(subjects),
      compared_with: { what: given.comparedWith.what, count: shownCount(given.comparedWith.count) },
    },
    completeness: given.completeness.map(({ name, present }) => ({ name, share: shownShare(present, subjects) })),
    result: {
      linked,
      not_linked: reasons.map((why, at) => ({ why: WHY[why], subjects: notLinked[at] ?? 0 })),
      share: shownShare(decided.linked.length, subjects),
    },
    passes: steps ? steps.map(stepOf) : passesOf(decided),
    expected_precision:
      decided.linked.length === 0 || sure === null
        ? null
        : Math.floor((sure / decided.linked.length) * HUNDREDTHS) / HUNDREDTHS,
    window: window ? windowOf(window) : null,
    method: steps ? INDIRECT : window ? HASHED : directMethod(threshold ?? 0),
  }
}

/** @returns how many of the links are expected to be right; null where one of them has no probability */
function sureOf(linked: Decided['linked']): number | null {
  return linked.reduce<number | null>(
    (sum, { probability }) => (sum === null || probability === null ? null : sum + probability),
    0,
  )
}

function windowOf(facts: Facts): ExternalReport['window'] {
  const [compared, numbered] = [Number(facts.compared ?? 0), Number(facts.numbered ?? 0)]
  return {
    ...{ opened: String(facts.opened ?? ''), closed: String(facts.closed ?? '') },
    compared_since: String(facts.compared_since ?? '') || null,
    compared_until: String(facts.compared_until ?? '') || null,
    processes: Number(facts.processes ?? 0),
    records_compared: shownCount(compared),
    with_number: shownShare(numbered, compared),
  }
}

function stepOf({
  criteria,
  linked,
  multiple,
  none,
  bits,
  expectedFalse,
  skipped,
}: StepOutcome): ExternalReport['passes'][number] {
  const [shownLinked = 0, shownMultiple = 0, shownNone = 0] = shownCells([linked, multiple, none])
  return {
    pass: criteria.join(', '),
    ...{ linked: shownLinked, multiple: shownMultiple, none: shownNone },
    bits: Math.round(bits * TENTHS) / TENTHS,
    expected_false: shownCount(expectedFalse),
    skipped,
  }
}

function passesOf({ linked }: Decided): ExternalReport['passes'] {
  const passes = [...Map.groupBy(linked, ({ pass }) => pass)]
  const cells = shownCells(passes.map(([, own]) => own.length))
  return passes.map(([pass, own], at) => {
    const sure = sureOf(own)
    return {
      pass,
      linked: cells[at] ?? 0,
      ...{ multiple: null, none: null, bits: null, skipped: false },
      expected_false: sure === null ? null : shownCount(own.length - sure),
    }
  })
}

const INDIRECT: readonly string[] = [
  'Exact agreement on all criteria; who is not linked is compared again without the criterion whose removal loses least information, measured on the persons of the warehouse, down to the declared number of criteria.',
  'Criteria of one feed are of one record. A subject with several persons, and a person whom several subjects have, are excluded at each step.',
  'Expected false links: how many persons have the values by chance (feeds independent of each other, columns of one feed counted together), at the share of subjects linked so far. Errors in the values of the right person are not in it.',
]

const HASHED: readonly string[] = [
  'Equal hashes (HMAC-SHA-256 under a secret that the third party shares) of the national number, computed by deidentify of each record that passed while the circuit was open. Nothing else was compared: a number that is wrong in one of the two lists links the wrong person or nobody, and nothing here says how often.',
  'Only patients of whom a record with a number that counts (as for the linkage: no doubtful identity) came in the window are found: the others of the cohort are not missing from the warehouse, they were not looked for.',
  'A subject with several persons, and a person whom several subjects have, are excluded.',
]

function directMethod(threshold: number): readonly string[] {
  return [
    'Equal national numbers that the other traits do not contradict; then the linkage model of the installation, at a probability of its own.',
    `The model links at a probability of ${threshold} or more, if no other person has one of 0.75 or more.`,
    'Expected false links are what the model says of its own links: its probabilities add up to that.',
  ]
}

/** @returns completeness by what the first step counted */
export function completenessOf(facts: Facts): Reported['completeness'] {
  const prefix = 'trait:'
  return Object.entries(facts).flatMap(([name, present]) =>
    name.startsWith(prefix) && typeof present === 'number' ? [{ name: name.slice(prefix.length), present }] : [],
  )
}
