/**
 * The rules of a contract, compiled once. A rule on fields whose values survive de-identification is checked in the pseudonymised
 * zone (`curate`), where the log can be replayed; a rule on a field that does not, or that is rounded, shifted or coarser then, is checked
 * in the identified zone (`deidentify`), while its value still exists.
 */

import { recordRuleZone, ruleZone } from '../contract/actions.ts'
import { type Period, periodOf } from '../contract/precision.ts'
import type { RuleId } from '../contract/rule-id.ts'
import type { FeedContract, FieldContract, FieldRule, RecordRule, Severity } from '../contract/types.ts'
import type { Zone } from '../pipeline/zones.ts'
import { isValidLoinc, isValidLuhn, isValidNir } from './check-digits.ts'
import { patternOf } from './pattern.ts'

export type Outcome = 'passed' | 'failed' | 'not-applicable'

export interface CompiledRule {
  readonly id: RuleId
  readonly severity: Severity
  /** The field that the rule is on; empty for a rule of the record. */
  readonly field: string
  /** JSON pointer of the field, for the quarantine; never a value. */
  readonly pointer: string
  /** The fields besides its own that the outcome depends on. */
  readonly reads: readonly string[]
  readonly zone: Zone
  /**
   * @param record values of the contract's fields (by their name in that zone)
   * @param receivedAt when the gateway received the record, microseconds since 1970: "the future" begins there, so that a replay
   *   years later has the same outcome
   */
  check(record: Readonly<Record<string, unknown>>, receivedAt: number): Outcome
}

const DAY_MS = 86_400_000

/** @returns the rules of one zone, in the contract's order */
export function compileRules(contract: FeedContract, zone: Zone): readonly CompiledRule[] {
  const fieldRules = contract.fields.flatMap((field) => field.rules.map((rule) => compileFieldRule(field, rule)))
  const recordRules = contract.recordRules.map((rule) => compileRecordRule(contract, rule))
  return [...fieldRules, ...recordRules].filter((rule) => rule.zone === zone)
}

function compileFieldRule(field: FieldContract, rule: FieldRule): CompiledRule {
  const test = fieldTest(field, rule)
  const { when } = rule
  return {
    id: rule.id,
    severity: rule.severity,
    field: field.name,
    pointer: `/${field.name}`,
    reads: when ? [when.field] : [],
    zone: ruleZone(field),
    check(record, receivedAt) {
      if (when && record[when.field] !== when.equals) return 'not-applicable'
      const value = record[field.name]
      if (value === null || value === undefined) return 'not-applicable'
      return test(value, receivedAt) ? 'passed' : 'failed'
    },
  }
}

function fieldTest(field: FieldContract, rule: FieldRule): (value: unknown, receivedAt: number) => boolean {
  switch (rule.check) {
    case 'pattern': {
      const pattern = patternOf(rule.pattern)
      if (!pattern.ok) throw new Error(`the pattern of rule ${rule.id} ${pattern.problem}`)
      return (value) => pattern.test(String(value))
    }
    case 'range':
      return (value) =>
        Number(value) >= (rule.min ?? Number.NEGATIVE_INFINITY) &&
        Number(value) <= (rule.max ?? Number.POSITIVE_INFINITY)
    case 'one-of': {
      const values = new Set(rule.values)
      return (value) => values.has(String(value))
    }
    case 'temporal': {
      const unit = field.kind === 'date' ? DAY_MS : 1
      const earliest = rule.notBefore === undefined ? Number.NEGATIVE_INFINITY : Date.parse(rule.notBefore)
      // A day's grace: a producer's clock or time zone may be ahead of ours.
      const grace = rule.notAfter === 'received' ? DAY_MS : Number.POSITIVE_INFINITY
      return (value, receivedAt) =>
        Number(value) * unit >= earliest && Number(value) * unit <= receivedAt / 1000 + grace
    }
    case 'check-digit': {
      const valid = { nir: isValidNir, loinc: isValidLoinc, luhn: isValidLuhn }[rule.algorithm]
      return (value) => valid(String(value))
    }
  }
}

function compileRecordRule(contract: FeedContract, rule: RecordRule): CompiledRule {
  const { when } = rule
  const zone = recordRuleZone(rule, new Map(contract.fields.map((field) => [field.name, field])))
  const condition = when ? [when.field] : []
  const guarded = (check: CompiledRule['check']): CompiledRule['check'] =>
    when
      ? (record, receivedAt) => (record[when.field] === when.equals ? check(record, receivedAt) : 'not-applicable')
      : check
  switch (rule.check) {
    case 'compare': {
      const [left, right] = [operand(contract, rule.left), operand(contract, rule.right)]
      // A day contains every time of it: an order fails only where no instants of the two periods are in it.
      const compare = {
        '>=': (a: Period, b: Period) => a.last >= b.first,
        '>': (a: Period, b: Period) => a.last > b.first,
        '==': (a: Period, b: Period) => a.first <= b.last && b.first <= a.last,
      }[rule.operator]
      return {
        id: rule.id,
        severity: rule.severity,
        field: '',
        pointer: `/${rule.left}`,
        reads: [rule.left, rule.right, ...condition],
        zone,
        check: guarded((record) => {
          const [a, b] = [left(record), right(record)]
          return a && b ? (compare(a, b) ? 'passed' : 'failed') : 'not-applicable'
        }),
      }
    }
    case 'required-with':
      return {
        id: rule.id,
        severity: rule.severity,
        field: '',
        pointer: `/${rule.field}`,
        reads: [rule.field, rule.with, ...condition],
        zone,
        check: guarded((record) => {
          if (record[rule.with] === null || record[rule.with] === undefined) return 'not-applicable'
          return record[rule.field] === null || record[rule.field] === undefined ? 'failed' : 'passed'
        }),
      }
  }
}

/** @returns a function that reads a value as the period that it can mean; a number is a period of one value */
function operand(
  contract: FeedContract,
  name: string,
): (record: Readonly<Record<string, unknown>>) => Period | undefined {
  const field = contract.fields.find((one) => one.name === name)
  const scale = field?.kind === 'date' ? DAY_MS : 1
  const precision = field?.precision
  return (record) => {
    const value = record[name]
    if (typeof value !== 'number') return undefined
    const first = value * scale
    return precision === undefined ? { first, last: first } : periodOf(first, record[precision])
  }
}
