/**
 * The rules of a contract, read from its file and checked by code of its own: which rule rejects a record and where, which rules flag it,
 * and what each rule counts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Values } from './log.ts'
import { type ExpectedText, expectedTexts, textOutcomes } from './texts.ts'

type Outcome = 'passed' | 'failed' | 'not-applicable'

export interface RuleVerdict {
  /** The rule that rejects the record, and the service that finds it. */
  readonly rejectedBy?: { readonly service: 'deidentify' | 'curate'; readonly rule: string }
  /** Sorted. */
  readonly flags: readonly string[]
  /** What its scrubbed texts must be. */
  readonly texts: readonly ExpectedText[]
  /** What is counted for the record. */
  readonly counted: readonly { readonly rule: string; readonly severity: string; readonly outcome: Outcome }[]
}

export interface FeedRules {
  readonly linked: boolean
  /** Fields whose text is scrubbed. */
  readonly scrubbed: readonly string[]
  /** Name of the patient's identifier in the contract. */
  readonly subject: string
  /** @param receivedAt milliseconds since 1970 */
  judge(record: Values, receivedAt: number): RuleVerdict
}

interface WrittenRule {
  readonly id: string
  readonly severity: string
  readonly check: string
  readonly when?: { readonly field: string; readonly equals: string }
  readonly [option: string]: unknown
}

interface WrittenCase {
  readonly values?: readonly string[]
  readonly codes?: readonly string[]
  readonly min?: number
  readonly max?: number
  readonly when?: readonly { readonly field: string; readonly equals: string }[]
}

interface WrittenContract {
  readonly subject: string
  readonly rules?: readonly WrittenRule[]
  readonly fields: readonly {
    readonly name: string
    readonly type: unknown
    readonly privacy: {
      readonly action: string
      readonly guard?: readonly WrittenCase[]
      readonly on_violation?: string
    }
    readonly linkage?: string
    readonly rules?: readonly WrittenRule[]
  }[]
}

const DAY_MS = 86_400_000

/** @param folder of the contracts */
export function feedRules(folder: string, feed: string): FeedRules {
  const contract = JSON.parse(readFileSync(join(folder, `${feed}.avsc`), 'utf8')) as WrittenContract
  const unitOf = (name: string) =>
    JSON.stringify(contract.fields.find((field) => field.name === name)?.type ?? '').includes('"date"') ? DAY_MS : 1
  const fieldRules = contract.fields.flatMap((field) =>
    (field.rules ?? []).map((rule) => ({
      rule,
      kept: field.privacy.action === 'keep',
      outcome: (record: Values, receivedAt: number) =>
        fieldOutcome(rule, record, record[field.name], unitOf(field.name), receivedAt),
    })),
  )
  const recordRules = (contract.rules ?? []).map((rule) => ({
    rule,
    kept: true,
    outcome: (record: Values) => recordOutcome(rule, record, unitOf),
  }))
  const guards = contract.fields.flatMap((field) => {
    const { action, guard, on_violation: written } = field.privacy
    const mayBeNull = Array.isArray(field.type)
    if (action !== 'keep' || /"enum"|"boolean"/.test(JSON.stringify(field.type)) || field.name === 'record_version')
      return []
    // Times and versions that refuse their record are not counted.
    if (guard === undefined && !mayBeNull) return []
    const severity = (written ?? (mayBeNull ? 'null' : 'refuse')) === 'null' ? 'flag' : 'reject'
    const type = JSON.stringify(field.type)
    const unit = type.includes('timestamp-millis') ? 1 : type.includes('"date"') ? DAY_MS : undefined
    return [{ field: field.name, rule: `guard-${field.name.replaceAll('_', '-')}`, severity, cases: guard ?? [], unit }]
  })
  const scrubbed = contract.fields.filter(({ privacy }) => privacy.action === 'scrub').map(({ name }) => name)
  const all = [...fieldRules, ...recordRules]
  const removed = all.filter(({ kept }) => !kept)
  const left = all.filter(({ kept }) => kept)
  return {
    linked: contract.fields.some(({ linkage }) => linkage !== undefined),
    scrubbed,
    subject: contract.subject,
    judge(record, receivedAt) {
      const counted: { rule: string; severity: string; outcome: Outcome }[] = []
      const flags: string[] = []
      for (const { rule, outcome } of removed) {
        const found = outcome(record, receivedAt)
        // A record that never reaches curate counts for the rule that stopped it, and for no other.
        if (found === 'failed' && rule.severity === 'reject')
          return {
            rejectedBy: { service: 'deidentify', rule: rule.id },
            flags: [],
            texts: [],
            counted: [{ rule: rule.id, severity: 'reject', outcome: 'failed' }],
          }
        if (found === 'failed') flags.push(rule.id)
        counted.push({ rule: rule.id, severity: rule.severity, outcome: found })
      }
      for (const { cases, field, rule, severity, unit } of guards) {
        const found = guardOutcome(cases, record, record[field], unit)
        if (found === 'failed') flags.push(rule)
        counted.push({ rule, severity, outcome: found })
      }
      for (const field of scrubbed)
        for (const { rule, outcome } of textOutcomes(field, record[field])) {
          if (outcome === 'failed') flags.push(rule)
          counted.push({ rule, severity: 'flag', outcome })
        }
      let rejectedBy: RuleVerdict['rejectedBy']
      for (const { rule, outcome } of left) {
        const found = outcome(record, receivedAt)
        counted.push({ rule: rule.id, severity: rule.severity, outcome: found })
        if (found !== 'failed') continue
        if (rule.severity === 'flag') flags.push(rule.id)
        else rejectedBy ??= { service: 'curate', rule: rule.id }
      }
      return {
        ...(rejectedBy ? { rejectedBy } : {}),
        flags: flags.toSorted(),
        texts: expectedTexts(scrubbed, record, contract.subject),
        counted,
      }
    },
  }
}

const absent = (value: unknown) => value === null || value === undefined
const failedUnless = (holds: boolean): Outcome => (holds ? 'passed' : 'failed')

/** The code systems of what the senders send. */
const CODES: Readonly<Record<string, (text: string) => boolean>> = {
  loinc: luhnHolds,
  'short-code': (text) => /^[A-Z]{0,2}-?\d{1,4}[A-Z]?$/.test(text),
  ucum: (text) => ['g', 'g/dL'].includes(text),
}

/** @param unit milliseconds of a time; undefined for what is none */
function guardOutcome(cases: readonly WrittenCase[], record: Values, value: unknown, unit?: number): Outcome {
  if (absent(value)) return 'not-applicable'
  if (unit !== undefined) {
    const year = new Date(Number(value) * unit).getUTCFullYear()
    return failedUnless(year >= 1700 && year <= 2199)
  }
  const applying = cases.filter(({ when = [] }) => when.every(({ field, equals }) => record[field] === equals))
  if (typeof value === 'number') {
    if (applying.length > 0)
      return failedUnless(applying.some(({ min = value, max = value }) => value >= min && value <= max))
    return failedUnless(Math.abs(value) < 10_000_000)
  }
  const text = String(value)
  return failedUnless(
    applying.some(
      ({ codes = [], values = [] }) => values.includes(text) || codes.some((code) => codeHolds(code, text)),
    ),
  )
}

function codeHolds(system: string, text: string): boolean {
  const holds = CODES[system]
  if (!holds) throw new Error(`the checker does not know the code system ${system}`)
  return holds(text)
}

function fieldOutcome(rule: WrittenRule, record: Values, value: unknown, unit: number, receivedAt: number): Outcome {
  if (rule.when && record[rule.when.field] !== rule.when.equals) return 'not-applicable'
  if (absent(value)) return 'not-applicable'
  switch (rule.check) {
    case 'pattern':
      return failedUnless(new RegExp(String(rule.pattern), 'u').test(String(value)))
    case 'range': {
      const [low, high] = [rule.min as number | undefined, rule.max as number | undefined]
      return failedUnless((low === undefined || Number(value) >= low) && (high === undefined || Number(value) <= high))
    }
    case 'one-of':
      return failedUnless((rule.values as readonly string[]).includes(String(value)))
    case 'temporal': {
      const time = Number(value) * unit
      const early = rule.notBefore !== undefined && time < Date.parse(String(rule.notBefore))
      const late = rule.notAfter === 'received' && time > receivedAt + DAY_MS
      return failedUnless(!early && !late)
    }
    case 'check-digit':
      return failedUnless(rule.algorithm === 'nir' ? nirHolds(String(value)) : luhnHolds(String(value)))
    default:
      throw new Error(`the checker does not know the check ${rule.check}`)
  }
}

function recordOutcome(rule: WrittenRule, record: Values, unitOf: (name: string) => number): Outcome {
  if (rule.when && record[rule.when.field] !== rule.when.equals) return 'not-applicable'
  if (rule.check === 'required-with') {
    if (absent(record[String(rule.with)])) return 'not-applicable'
    return failedUnless(!absent(record[String(rule.field)]))
  }
  const sides = [String(rule.left), String(rule.right)].map((name) =>
    absent(record[name]) ? undefined : Number(record[name]) * unitOf(name),
  )
  const [left, right] = sides
  if (left === undefined || right === undefined) return 'not-applicable'
  if (rule.operator === '>=') return failedUnless(left >= right)
  return failedUnless(rule.operator === '>' ? left > right : left === right)
}

/** Key of 2 digits: 97 minus the number modulo 97. The senders invent no NIR of Corsica. */
function nirHolds(text: string): boolean {
  return /^\d{15}$/.test(text) && 97n - (BigInt(text.slice(0, 13)) % 97n) === BigInt(text.slice(13))
}

/** LOINC and others: the digits without the hyphen, every second one from the right but the last doubled. */
function luhnHolds(text: string): boolean {
  const digits = text.replace('-', '').split('').map(Number).toReversed()
  const sum = digits.reduce((total, digit, place) => {
    const weighed = place % 2 === 0 ? digit : digit * 2
    return total + Math.floor(weighed / 10) + (weighed % 10)
  }, 0)
  return /^\d+-?\d$/.test(text) && sum % 10 === 0
}
