/** Everything that a record can be rejected for by itself, after its fields were read: in one place, for who asks before it is sent. */
import type { FeedContract } from '../contract/types.ts'
import { codeSpeller } from '../guards/canonical.ts'
import { compileGuards } from '../guards/compile.ts'
import type { FaultDetail, Provenance } from '../pipeline/verdict.ts'
import { compileRules } from './compile.ts'

/**
 * @returns a function from the values of the contract's fields to the guards that refuse the record and the rules of severity reject that it
 *   fails, in both zones
 */
export function recordChecker(
  contract: FeedContract,
): (record: Record<string, unknown>, provenance: Provenance) => readonly FaultDetail[] {
  const spell = codeSpeller(contract)
  const guards = compileGuards(contract, 'refuse')
  const rules = [...compileRules(contract, 'identified'), ...compileRules(contract, 'pseudonymised')].filter(
    ({ severity }) => severity === 'reject',
  )
  return (given, provenance) => {
    const record = spell(given, provenance.producer)
    const refused = guards.check(record, provenance).map(({ field: { pointer, rule } }) => ({ pointer, rule }))
    const failed = rules.filter((rule) => rule.check(record, provenance.receivedAt) === 'failed')
    return [...refused, ...failed.map(({ id, pointer }) => ({ pointer, rule: id }))]
  }
}
