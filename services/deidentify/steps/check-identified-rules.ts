import type { FeedContract } from '#core/contract/types.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import { compileRules } from '#core/rules/compile.ts'
import type { IdentifiedRecord } from './decode-identified.ts'

export interface CheckedRecord extends IdentifiedRecord {
  /** Outcomes that are not "passed", as `<rule>=failed` and `<rule>=not-applicable`. */
  readonly outcomes: readonly string[]
}

/** Checks the rules on fields that do not survive. A reject quarantines the record; a flag is passed to `curate`, without the value. */
export function checkIdentifiedRules(contract: FeedContract): Step<IdentifiedRecord, CheckedRecord, 'rule-rejected'> {
  const rules = compileRules(contract, 'identified')
  return {
    name: 'checkIdentifiedRules',
    run: (identified) => {
      const { record, provenance } = identified
      const outcomes: string[] = []
      for (const rule of rules) {
        const outcome = rule.check(record, provenance.receivedAt)
        if (outcome === 'failed' && rule.severity === 'reject')
          return fail('rule-rejected', provenance, [{ pointer: rule.pointer, rule: rule.id }])
        if (outcome !== 'passed') outcomes.push(`${rule.id}=${outcome}`)
      }
      return pass({ ...identified, outcomes })
    },
  }
}
