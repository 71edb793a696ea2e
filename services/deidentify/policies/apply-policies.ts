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
type Withheld = readonly { readonly field: string }[]
type ApplyField = (value: unknown, producer: string) => unknown

/**
 * @returns a function from an identified record, and the fields whose values its guards withhold, to the fields that survive, under their
 *   names in the pseudonymised zone
 */
export function policies(
  contract: FeedContract,
  pseudonymiser: Pseudonymiser,
): (record: Values, producer: string, withheld: Withheld) => Record<string, unknown> {
  const appliers = survivingFields(contract).map((field) => ({
    from: field.name,
    to: field.as,
    apply: applier(contract, field, pseudonymiser),
  }))
  return function applyPolicies(record, producer, withheld) {
    const out: Record<string, unknown> = {}
    for (const { from, to, apply } of appliers) {
      const value = record[from]
      out[to] = value === null || value === undefined ? null : apply(value, producer)
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
    case 'drop':
    case 'tokenise':
    case 'scrub':
      throw new Error(`field ${field.name} does not survive de-identification`)
  }
}
