/** What a rejected record is told: what a rule demands and what is allowed, in the words of the contract; never a value of the record. */
import { GUARD_PREFIX } from '../contract/rule-id.ts'
import type { FeedContract, FieldRule, RecordRule } from '../contract/types.ts'
import { asRecordFault, FAULTS } from '../faults/codes.ts'
import type { FaultDetail } from '../pipeline/verdict.ts'
import { allowedBy } from './forms.ts'

export interface Explanation {
  /** What the rule means. */
  readonly detail: string
  /** What the field may be: symbols, a form, a limit. */
  readonly allowed?: readonly string[]
}

const CHECK_DIGITS = { nir: 'the key of a NIR', loinc: 'the check digit of LOINC', luhn: 'the check digit of Luhn' }
const OPERATORS = { '>=': 'must not be less than', '>': 'must be greater than', '==': 'must be equal to' }

/** @returns what a rule demands, as sentences */
export function describeRule(rule: FieldRule | RecordRule): string {
  const { when } = rule
  return `${demandOf(rule)}${when ? ` It applies where ${when.field} is ${when.equals}.` : ''}`
}

function demandOf(rule: FieldRule | RecordRule): string {
  switch (rule.check) {
    case 'pattern':
      return `The value must match the regular expression \`${rule.pattern}\`.`
    case 'range':
      return `The value must be ${both(from(rule.min, 'at least'), from(rule.max, 'at most'))}.`
    case 'one-of':
      return 'The value must be one of those that the contract lists.'
    case 'temporal': {
      const latest = rule.notAfter === 'received' ? 'at most a day after the receipt' : undefined
      return `The value must be ${both(from(rule.notBefore, 'not before'), latest)}.`
    }
    case 'check-digit':
      return `The value must have ${CHECK_DIGITS[rule.algorithm]}.`
    case 'compare':
      return `${rule.left} ${OPERATORS[rule.operator]} ${rule.right}.`
    case 'required-with':
      return `${rule.field} is required where ${rule.with} has a value.`
  }
}

const from = (limit: number | string | undefined, words: string) =>
  limit === undefined ? undefined : `${words} ${limit}`
const both = (...parts: readonly (string | undefined)[]) => parts.filter((part) => part !== undefined).join(' and ')

/** @returns a function that explains a fault of a record of the feed */
export function explainer(contract: FeedContract): (detail: FaultDetail) => Explanation {
  const rules = [...contract.fields.flatMap((field) => field.rules), ...contract.recordRules]
  const known = new Map<string, Explanation>(
    rules.map((rule) => [
      rule.id,
      { detail: describeRule(rule), ...(rule.check === 'one-of' ? { allowed: rule.values } : {}) },
    ]),
  )
  const allowedOf = allowedBy(contract)
  return ({ pointer, rule }) => {
    const fault = asRecordFault(rule) ?? (rule.startsWith(GUARD_PREFIX) ? 'guard' : undefined)
    const allowed = fault && allowedOf(pointer, fault)
    if (fault) return { detail: FAULTS[fault].text, ...(allowed ? { allowed } : {}) }
    return known.get(rule) ?? { detail: FAULTS['rule-rejected'].text }
  }
}
