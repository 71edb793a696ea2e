import { GUARD_PREFIX } from '#core/contract/rule-id.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import type { ContractRecord } from './read-record.ts'

/**
 * Rejects a record that `deidentify` or `curate` would reject because of the record alone, with their code, so that its sender learns it: by
 * a guard that refuses it, or by a rule of severity reject. All of them are named. A value that is only withheld passes, and a rule of severity
 * flag is not checked here.
 */
export function checkRecord(contract: FeedContract): Step<ContractRecord, ContractRecord, 'guard' | 'rule-rejected'> {
  const check = recordChecker(contract)
  return {
    name: 'checkRecord',
    run: (received) => {
      const [first, ...others] = check(received.record, received.provenance)
      if (!first) return pass(received)
      const fault = first.rule.startsWith(GUARD_PREFIX) ? 'guard' : 'rule-rejected'
      return fail(fault, received.provenance, [first, ...others])
    },
  }
}
