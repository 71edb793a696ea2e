import { textRules } from '#core/contract/text-rules.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { compileGuards } from '#core/guards/compile.ts'
import type { Step } from '#core/pipeline/step.ts'
import { type FaultDetail, fail, pass } from '#core/pipeline/verdict.ts'
import { compileRules, type Outcome } from '#core/rules/compile.ts'
import type { RuleTally } from '../load/rule-tally.ts'
import type { DecodedRecord } from './decode-message.ts'

export interface ValidatedRecord extends DecodedRecord {
  /** Rules of severity flag that the record failed, in both zones. */
  readonly flags: readonly string[]
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Checks the contract's rules on the fields that survive de-identification. Counts every rule in the batch's tally: also the rules of a
 * rejected record, the rules that `deidentify` checked, the guards of kept values, and whether texts could be scrubbed.
 *
 * @returns a function that makes the step for one batch; the rules are compiled once
 */
export function validateRecord(
  contract: FeedContract,
): (tally: RuleTally) => Step<DecodedRecord, ValidatedRecord, 'rule-rejected'> {
  const rules = compileRules(contract, 'pseudonymised')
  const identified = compileRules(contract, 'identified')
  const guards = compileGuards(contract).fields.filter(({ counted }) => counted)
  const texts = textRules(contract)
  return (tally) => ({
    name: 'validateRecord',
    run: ({ origin, record, provenance }) => {
      const flags: string[] = []
      const earlier = record._rule_outcomes as readonly string[]
      let withheld = NONE
      let rejected: FaultDetail | undefined
      for (const rule of identified) {
        const outcome = earlierOutcome(earlier, rule.id)
        if (outcome === 'failed') flags.push(rule.id)
        tally.add(provenance, rule.id, rule.severity, outcome)
      }
      for (const { as, name, onViolation, rule } of guards) {
        const failed = earlier.length > 0 && earlier.includes(`${rule}=failed`)
        const outcome = failed ? 'failed' : (record[as] ?? null) === null ? 'not-applicable' : 'passed'
        tally.add(provenance, rule, onViolation === 'null' ? 'flag' : 'reject', outcome)
        if (!failed) continue
        flags.push(rule)
        withheld = new Set([...withheld, name])
      }
      for (const { field, id, severity } of texts) {
        const failed = earlier.length > 0 && earlier.includes(`${id}=failed`)
        if (failed) flags.push(id)
        tally.add(
          provenance,
          id,
          severity,
          failed ? 'failed' : (record[field.as] ?? null) === null ? 'not-applicable' : 'passed',
        )
      }
      for (const rule of rules) {
        // deidentify had the value, and checked the rule on it.
        const outcome = withheld.has(rule.field)
          ? earlierOutcome(earlier, rule.id)
          : rule.check(record, provenance.receivedAt)
        tally.add(provenance, rule.id, rule.severity, outcome)
        if (outcome !== 'failed') continue
        if (rule.severity === 'flag') flags.push(rule.id)
        else rejected ??= { pointer: rule.pointer, rule: rule.id }
      }
      return rejected ? fail('rule-rejected', provenance, [rejected]) : pass({ origin, record, provenance, flags })
    },
  })
}

/** The outcome in `deidentify` of a rule whose value was removed: `<rule>=failed` or `<rule>=not-applicable`; absent means passed. */
function earlierOutcome(outcomes: readonly string[], rule: string): Outcome {
  if (outcomes.includes(`${rule}=failed`)) return 'failed'
  return outcomes.includes(`${rule}=not-applicable`) ? 'not-applicable' : 'passed'
}
