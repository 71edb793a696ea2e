/**
 * Builds the de-identified record field by field from the contract's policies. Nothing is copied and then removed: the
 * output contains only fields that a policy names.
 */
import { survivingFields } from '../contract/avro-schemas.ts'
import { truncateDate } from '../contract/calendar.ts'
import type { FeedContract, FieldContract } from '../contract/types.ts'
import type { Pseudonymiser } from '../crypto/pseudonym.ts'
import { ageBand, birthYear } from './age.ts'
import { areaOf } from './area.ts'
import { binOf } from './bins.ts'
import { departmentOf } from './department.ts'
import { roundToDigits, roundToStep } from './round.ts'
import { shiftReader } from './shift.ts'
import { dayOf, daysOf, shifted } from './times.ts'

type Values = Readonly<Record<string, unknown>>
type Texts = ReadonlyMap<string, string | null>

/** What a policy may need beside the value. */
interface Origin {
  readonly record: Values
  readonly producer: string
  readonly texts: Texts
  /** Days that the dates of this patient are moved by. */
  readonly shift: () => number
}
type ApplyField = (value: unknown, origin: Origin) => unknown

/** What earlier steps decided on values of the record. */
export interface Decided {
  /** Fields whose values their guards withhold. */
  readonly withheld: readonly { readonly field: string }[]
  /** Scrubbed texts, by field. */
  readonly texts: Texts
}

/**
 * @returns a function from an identified record, and what was decided on its values, to the fields that survive, under their names in the
 *   pseudonymised zone
 */
export function policies(
  contract: FeedContract,
  pseudonymiser: Pseudonymiser,
): (record: Values, producer: string, decided: Decided) => Record<string, unknown> {
  const appliers = survivingFields(contract).map((field) => ({
    from: field.name,
    to: field.as,
    apply: applier(contract, field, pseudonymiser),
  }))
  const shiftDays = shiftReader(contract, pseudonymiser)
  return function applyPolicies(record, producer, { withheld, texts }) {
    const out: Record<string, unknown> = {}
    const origin = { record, producer, texts, shift: () => shiftDays(record, producer) }
    for (const { from, to, apply } of appliers) {
      const value = record[from]
      out[to] = value === null || value === undefined ? null : apply(value, origin)
    }
    for (const { field } of withheld) {
      const kept = appliers.find(({ from }) => from === field)
      if (kept) out[kept.to] = null
    }
    return out
  }
}

function applier(contract: FeedContract, field: FieldContract, pseudonymiser: Pseudonymiser): ApplyField {
  const { privacy } = field
  switch (privacy.action) {
    case 'keep':
      return (value) => value
    case 'pseudonymise': {
      const { domain } = privacy
      // The producer is part of the value: the same number at two hospitals is two patients.
      if (domain === 'record')
        return (value, { producer }) =>
          pseudonymiser.pseudonym(domain, `${producer}\0${contract.feed}\0${String(value)}`)
      return (value, { producer }) => pseudonymiser.pseudonym(domain, `${producer}\0${String(value)}`)
    }
    case 'truncate':
      return (value) => truncateDate(dayOf(field, value), privacy.to)
    case 'generalise':
      return generaliser(contract, field, privacy)
    case 'round': {
      const { digits, step } = privacy
      const round = step === undefined ? roundToDigits(digits ?? 15, field.kind) : roundToStep(step, field.kind)
      return (value) => round(Number(value))
    }
    case 'shift':
      return (_value, { record, shift }) => shifted(field, record, shift())
    // Never the value itself: a text that was not scrubbed is null.
    case 'scrub':
      return (_value, { texts }) => texts.get(field.name) ?? null
    case 'drop':
    case 'tokenise':
      throw new Error(`field ${field.name} does not survive de-identification`)
  }
}

function generaliser(
  contract: FeedContract,
  field: FieldContract,
  {
    at,
    edges = [],
    population = Number.POSITIVE_INFINITY,
    to,
  }: Extract<FieldContract['privacy'], { action: 'generalise' }>,
): ApplyField {
  if (to === 'department') return (value) => departmentOf(String(value))
  if (to === 'area') {
    const area = areaOf(population)
    return (value) => area(String(value))
  }
  if (to === 'bins') {
    const bin = binOf(edges)
    return (value) => bin(Number(value))
  }
  const event = contract.fields.find(({ name }) => name === at)
  if (!event) throw new Error(`field ${field.name} does not say at which date the age is taken`)
  const ageOf = to === 'age_band' ? ageBand(edges) : birthYear
  return (_value, { record }) => {
    const [birth, now] = [daysOf(field, record), daysOf(event, record)]
    return birth && now ? ageOf(birth, now) : null
  }
}
