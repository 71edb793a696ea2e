/** Rules on fields that will not survive: a reject quarantines the record, a flag travels on as an outcome without the value. */
import type { FeedContract } from '#core/contract/types.ts'
import { quarantine, type Verdict } from '#core/pipeline/verdict.ts'
import { compileRules } from '#core/rules/compile.ts'

type Values = Readonly<Record<string, unknown>>

/** @returns the outcomes that are not "passed", as `<rule>=failed` and `<rule>=not-applicable` */
export function identifiedRules(
  contract: FeedContract,
): (record: Values, receivedAt: number) => Verdict<readonly string[], 'rule-rejected'> {
  const rules = compileRules(contract, 'identified')
  return function checkIdentifiedRules(record, receivedAt) {
    const outcomes: string[] = []
    for (const rule of rules) {
      const outcome = rule.check(record, receivedAt)
      if (outcome === 'failed' && rule.severity === 'reject')
        return quarantine('rule-rejected', { pointer: rule.pointer, rule: rule.id })
      if (outcome !== 'passed') outcomes.push(`${rule.id}=${outcome}`)
    }
    return { kind: 'pass', value: outcomes }
  }
}
