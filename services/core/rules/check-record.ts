/**
 * Everything that a record can be rejected for by itself, after its fields were read and its codes spelt: in one place, for the gateway, and for
 * who asks before it is sent. What it decides is what `deidentify` and `curate` decide later, with their guards and rules.
 */
import { violationOf } from '../contract/actions.ts'
import type { FeedContract } from '../contract/types.ts'
import { compileGuards } from '../guards/compile.ts'
import type { FaultDetail, Provenance } from '../pipeline/verdict.ts'
import type { Zone } from '../pipeline/zones.ts'
import { type CompiledRule, compileRules } from './compile.ts'

type Values = Readonly<Record<string, unknown>>

const NONE: readonly FaultDetail[] = []

/**
 * @returns a function from the values of the contract's fields to the guards that refuse the record and the rules of severity reject that it
 *   fails, in both zones; none when it is valid
 */
export function recordChecker(
  contract: FeedContract,
): (record: Values, provenance: Provenance) => readonly FaultDetail[] {
  const rejecting = (zone: Zone) => compileRules(contract, zone).filter(({ severity }) => severity === 'reject')
  const identified = rejecting('identified')
  const pseudonymised = rejecting('pseudonymised')
  const decisive = decisiveGuards(contract, pseudonymised)
  const guards = compileGuards(contract, (field) => violationOf(field) === 'refuse' || decisive.has(field.name))
  return function checkRecord(record, provenance) {
    let faults: FaultDetail[] | undefined
    let withheld: Record<string, null> | undefined
    for (const { field } of guards.check(record, provenance)) {
      const { name, onViolation, pointer, rule } = field
      if (onViolation === 'null') withheld = { ...withheld, [name]: null }
      else (faults ??= []).push({ pointer, rule })
    }
    for (const rule of identified)
      if (rule.check(record, provenance.receivedAt) === 'failed') (faults ??= []).push(detailOf(rule))
    const left = withheld ? { ...record, ...withheld } : record
    for (const rule of pseudonymised) {
      // Before a value is withheld, `deidentify` checks the rules on it; the other rules meet its place empty.
      const seen = withheld && Object.hasOwn(withheld, rule.field) ? record : left
      if (rule.check(seen, provenance.receivedAt) === 'failed') (faults ??= []).push(detailOf(rule))
    }
    return faults ?? NONE
  }
}

function detailOf({ id, pointer }: CompiledRule): FaultDetail {
  return { pointer, rule: id }
}

/** @returns the fields whose guard decides, by withholding a value, the outcome of a rule that also reads other fields than its own */
function decisiveGuards(contract: FeedContract, rules: readonly CompiledRule[]): ReadonlySet<string> {
  const guarded = compileGuards(contract).fields.filter(({ onViolation }) => onViolation === 'null')
  const names = new Set(guarded.map(({ name }) => name))
  return new Set(
    rules.flatMap(({ field, reads }) => {
      const found = reads.filter((name) => names.has(name))
      return found.length > 0 ? [field, ...found] : []
    }),
  )
}
