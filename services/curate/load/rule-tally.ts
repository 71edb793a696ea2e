/** Counts each rule's numerator and denominator by producer and hour, over one batch. */
import type { Severity } from '#core/contract/types.ts'
import type { Provenance } from '#core/pipeline/verdict.ts'
import type { Outcome } from '#core/rules/compile.ts'

const MICROSECONDS_PER_HOUR = 3_600_000_000

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
  readonly add: (from: Provenance, rule: string, severity: Severity, outcome: Outcome) => void
  readonly rows: () => readonly RuleCount[]
}

export function ruleTally(): RuleTally {
  const groups = new Map<string, Map<string, RuleCount>>()
  let group: Map<string, RuleCount> | undefined
  let groupProducer = ''
  let groupHour = -1
  return {
    add({ producer, receivedAt }, rule, severity, outcome) {
      const hour = Math.floor(receivedAt / MICROSECONDS_PER_HOUR) * 3600
      // Successive records of a batch have the same producer and hour: their group is looked up once, not per rule.
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
