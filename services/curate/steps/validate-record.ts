import type { FeedContract } from '#core/contract/types.ts'
import type { Step } from '#core/pipeline/step.ts'
import { type FaultDetail, fail, pass } from '#core/pipeline/verdict.ts'
import { compileRules, type Outcome } from '#core/rules/compile.ts'
import type { RuleTally } from '../load/rule-tally.ts'
import type { DecodedRecord } from './decode-message.ts'

export interface ValidatedRecord extends DecodedRecord {
  /** Rules of severity flag that the record failed, in both zones. */
  readonly flags: readonly string[]
}

/**
 * Checks the contract's rules on the fields that survive de-identification. Counts every rule in the batch's tally: also the rules of a
 * rejected record, and the rules that `deidentify` checked.
 *
 * @returns a function that makes the step for one batch; the rules are compiled once
 */
export function validateRecord(
  contract: FeedContract,
): (tally: RuleTally) => Step<DecodedRecord, ValidatedRecord, 'rule-rejected'> {
  const rules = compileRules(contract, 'pseudonymised')
  const identified = compileRules(contract, 'identified')
  return (tally) => ({
    name: 'validateRecord',
    run: ({ origin, record, provenance }) => {
      const flags: string[] = []
      let rejected: FaultDetail | undefined
      for (const rule of identified) {
        const outcome = earlierOutcome(record._rule_outcomes as readonly string[], rule.id)
        if (outcome === 'failed') flags.push(rule.id)
        tally.add(provenance, rule.id, rule.severity, outcome)
      }
      for (const rule of rules) {
        const outcome = rule.check(record, provenance.receivedAt)
        tally.add(provenance, rule.id, rule.severity, outcome)
        if (outcome !== 'failed') continue
        if (rule.severity === 'flag') flags.push(rule.id)
        else rejected ??= { pointer: rule.pointer, rule: rule.id }
      }
      return rejected ? fail('rule-rejected', provenance, [rejected]) : pass({ origin, record, provenance, flags })
    },
  })
}

/** The outcome in `deidentify` of a rule whose field was removed: `<rule>=failed` or `<rule>=not-applicable`; absent means passed. */
function earlierOutcome(outcomes: readonly string[], rule: string): Outcome {
  if (outcomes.includes(`${rule}=failed`)) return 'failed'
  return outcomes.includes(`${rule}=not-applicable`) ? 'not-applicable' : 'passed'
}
