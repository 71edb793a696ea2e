import type { RuleId } from '#core/contract/rule-id.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { compileGuards, type ViolationKind } from '#core/guards/compile.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import { type CompiledRule, compileRules } from '#core/rules/compile.ts'
import type { CheckedRecord } from './check-identified-rules.ts'

/** A value that is replaced by null: names only. */
export interface WithheldValue {
  readonly field: string
  readonly kind: ViolationKind
}

export interface GuardedRecord extends CheckedRecord {
  readonly withheld: readonly WithheldValue[]
}

const NONE: readonly WithheldValue[] = []

/**
 * Compares each value that would be kept with its field's guard, and looks for the patient in it. A violation refuses the record or withholds
 * the value, as the contract says. The rules on a withheld value are checked here, because `curate` no longer has it.
 */
export function guardValues(contract: FeedContract): Step<CheckedRecord, GuardedRecord, 'guard'> {
  const guards = compileGuards(contract)
  const rulesOf = Map.groupBy(compileRules(contract, 'pseudonymised'), ({ field }) => field)
  return {
    name: 'guardValues',
    run: (checked) => {
      const { record, provenance, outcomes } = checked
      const violations = guards.check(record, provenance)
      if (violations.length === 0) return pass({ ...checked, withheld: NONE })
      const withheld: WithheldValue[] = []
      const all = [...outcomes]
      for (const { field, kind } of violations) {
        if (field.onViolation === 'refuse')
          return fail('guard', provenance, [{ pointer: field.pointer, rule: field.rule }])
        withheld.push({ field: field.name, kind })
        all.push(failed(field.rule), ...outcomesOf(rulesOf.get(field.name) ?? []))
      }
      return pass({ ...checked, outcomes: all, withheld })

      function outcomesOf(rules: readonly CompiledRule[]): string[] {
        return rules.flatMap((rule) => {
          const outcome = rule.check(record, provenance.receivedAt)
          return outcome === 'passed' ? [] : [`${rule.id}=${outcome}`]
        })
      }
    },
  }
}

function failed(rule: RuleId): string {
  return `${rule}=failed`
}
