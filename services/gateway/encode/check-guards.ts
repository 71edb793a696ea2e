import type { FeedContract } from '#core/contract/types.ts'
import { compileGuards } from '#core/guards/compile.ts'
import type { Step } from '#core/pipeline/step.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import type { ContractRecord } from './read-record.ts'

/**
 * Rejects a record with a value that `deidentify` would refuse, so that its sender learns it. A value that is only withheld passes: the
 * record keeps the others.
 */
export function checkGuards(contract: FeedContract): Step<ContractRecord, ContractRecord, 'guard'> {
  const guards = compileGuards(contract, 'refuse')
  return {
    name: 'checkGuards',
    run: (received) => {
      const { record, provenance } = received
      const [first, ...others] = guards
        .check(record, provenance)
        .map(({ field: { pointer, rule } }): FaultDetail => ({ pointer, rule }))
      return first ? fail('guard', provenance, [first, ...others]) : pass(received)
    },
  }
}
