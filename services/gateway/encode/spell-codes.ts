import type { FeedContract } from '#core/contract/types.ts'
import { codeSpeller } from '#core/guards/canonical.ts'
import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { ContractRecord } from './read-record.ts'

/** Gives each code the one spelling of its code system, whatever format it came in. */
export function spellCodes(contract: FeedContract): Step<ContractRecord, ContractRecord> {
  const spell = codeSpeller(contract)
  return {
    name: 'spellCodes',
    run: (received) => pass({ ...received, record: spell(received.record, received.provenance.producer) }),
  }
}
