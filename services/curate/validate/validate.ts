/** Checks the contract's rules on what survived, and counts each rule's numerator and denominator. */
import type { FeedContract, Severity } from '#core/contract/types.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'
import { compileRules, type Outcome } from '#core/rules/compile.ts'

type Values = Readonly<Record<string, unknown>>

export interface Validation {
  /** Rules of severity flag that failed, in both zones. */
  readonly flags: readonly string[]
  /** The first rule of severity reject that failed. */
  readonly rejected?: FaultDetail
}

export interface RuleCount {
  readonly producer: string
  /** Hour of receipt, seconds since 1970. */
  readonly hour: number
  readonly rule: string
  readonly severity: Severity
  checked: number
  failed: number
  notApplicable: number
}

export interface RuleTally {
  add(producer: string, receivedAt: number, rule: string, severity: Severity, outcome: Outcome): void
  rows(): readonly RuleCount[]
}

export function ruleTally(): RuleTally {
  const groups = new Map<string, Map<string, RuleCount>>()
  let group: Map<string, RuleCount> | undefined
  let groupProducer = ''
  let groupHour = -1
  return {
    add(producer, receivedAt, rule, severity, outcome) {
      const hour = Math.floor(receivedAt / 3_600_000) * 3600
      // Neighbours in a batch share producer and hour: their group is looked up once, not per rule.
      if (group === undefined || producer !== groupProducer || hour !== groupHour) {
        const key = `${hour} ${producer}`
        group = groups.get(key) ?? new Map()
        groups.set(key, group)
        groupProducer = producer
        groupHour = hour
      }
      let count = group.get(rule)
      if (!count) {
        count = { producer, hour, rule, severity, checked: 0, failed: 0, notApplicable: 0 }
        group.set(rule, count)
      }
      if (outcome === 'not-applicable') count.notApplicable++
      else count.checked++
      if (outcome === 'failed') count.failed++
    },
    rows: () => [...groups.values()].flatMap((one) => [...one.values()]),
  }
}

/** @returns a function that validates one pseudonymised record and adds to the tally */
export function validator(contract: FeedContract): (record: Values, tally: RuleTally) => Validation {
  const rules = compileRules(contract, 'pseudonymised')
  const identified = compileRules(contract, 'identified')
  return function validate(record, tally) {
    const producer = String(record._producer)
    const receivedAt = Number(record._received_at)
    const flags: string[] = []
    let rejected: FaultDetail | undefined
    for (const rule of identified) {
      const outcome = outcomeBefore(record._rule_outcomes as readonly string[], rule.id)
      if (outcome === 'failed') flags.push(rule.id)
      tally.add(producer, receivedAt, rule.id, rule.severity, outcome)
    }
    for (const rule of rules) {
      const outcome = rule.check(record, receivedAt)
      tally.add(producer, receivedAt, rule.id, rule.severity, outcome)
      if (outcome !== 'failed') continue
      if (rule.severity === 'flag') flags.push(rule.id)
      else rejected ??= { pointer: rule.pointer, rule: rule.id }
    }
    return rejected ? { flags, rejected } : { flags }
  }
}

/** What `deidentify` found of a rule whose field is gone: `<rule>=failed` or `<rule>=not-applicable`; absent means passed. */
function outcomeBefore(outcomes: readonly string[], rule: string): Outcome {
  if (outcomes.includes(`${rule}=failed`)) return 'failed'
  return outcomes.includes(`${rule}=not-applicable`) ? 'not-applicable' : 'passed'
}
