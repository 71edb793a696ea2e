/**
 * Builds the de-identified record field by field from the contract's policies. Nothing is copied and then removed: the
 * output contains only fields that a policy names.
 */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import { truncateDate } from '#core/contract/calendar.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import { departmentOf } from './generalise.ts'

type Values = Readonly<Record<string, unknown>>
type ApplyField = (value: unknown, producer: string, texts: Texts) => unknown
type Texts = ReadonlyMap<string, string | null>

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
  return function applyPolicies(record, producer, { withheld, texts }) {
    const out: Record<string, unknown> = {}
    for (const { from, to, apply } of appliers) {
      const value = record[from]
      out[to] = value === null || value === undefined ? null : apply(value, producer, texts)
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
        return (value, producer) => pseudonymiser.pseudonym(domain, `${producer}\0${contract.feed}\0${String(value)}`)
      return (value, producer) => pseudonymiser.pseudonym(domain, `${producer}\0${String(value)}`)
    }
    case 'truncate':
      return (value) => truncateDate(Number(value), privacy.to)
    case 'generalise':
      return (value) => departmentOf(String(value))
    // Never the value itself: a text that was not scrubbed is null.
    case 'scrub':
      return (_value, _producer, texts) => texts.get(field.name) ?? null
    case 'drop':
    case 'tokenise':
      throw new Error(`field ${field.name} does not survive de-identification`)
  }
}
