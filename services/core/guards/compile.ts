/**
 * The guards of a contract, compiled once: what may be left of a kept string or number, and of its record. The gateway checks those that refuse a
 * record, so that its sender learns it; `deidentify` checks all of them. A violation names field and kind, never the value.
 */
import { guardOf, isGuarded, violationOf } from '../contract/actions.ts'
import { wholePattern } from '../contract/guard-schema.ts'
import { asRuleId, GUARD_PREFIX, type RuleId } from '../contract/rule-id.ts'
import type { FeedContract, FieldContract, GuardCase, OnViolation } from '../contract/types.ts'
import type { Provenance } from '../pipeline/verdict.ts'
import { CODE_SYSTEMS } from './code-systems.ts'
import { condition } from './conditions.ts'
import { type Detected, detectInNumber, detectInText } from './detect.ts'
import { type Identity, identityReader } from './identity.ts'
import { isInRange, isPlainNumber, isTime, isVersion } from './numbers.ts'

type Values = Readonly<Record<string, unknown>>

/** `guard`: no case of the guard accepts the value; the others: what the detector found in a value that is accepted. */
export type ViolationKind = 'guard' | Detected

export interface GuardedField {
  readonly name: string
  readonly as: string
  readonly pointer: string
  /** Its outcome is counted as a rule's: `guard-<field>`. */
  readonly rule: RuleId
  readonly onViolation: OnViolation
  /** Whether every value counts, and not only those that refuse a record by a form that every feed has (a version, a time). */
  readonly counted: boolean
}

export interface Violation {
  readonly field: GuardedField
  readonly kind: ViolationKind
}

export interface Guards {
  readonly fields: readonly GuardedField[]
  /**
   * @param record values of the contract's fields, before de-identification
   */
  readonly check: (record: Values, provenance: Provenance) => readonly Violation[]
}

const NONE: readonly Violation[] = []

/** @returns the id of the rule under which violations of a field's guard are counted */
function guardRule(fieldName: string): RuleId {
  const id = asRuleId(`${GUARD_PREFIX}${fieldName.toLowerCase().replaceAll('_', '-')}`)
  if (id === undefined) throw new Error('the name of a kept field is too long for the name of its guard')
  return id
}

/** @param wanted says of a field whether its guard is checked; without it all are */
export function compileGuards(contract: FeedContract, wanted: (field: FieldContract) => boolean = () => true): Guards {
  const readIdentity = identityReader(contract)
  const kept = contract.fields.filter((field) => isGuarded(field) && wanted(field))
  const checked = kept.flatMap((field) => {
    const test = testOf(contract, field)
    if (!test) return []
    const onViolation = violationOf(field)
    const guarded: GuardedField = {
      name: field.name,
      as: field.as,
      pointer: `/${field.name}`,
      rule: guardRule(field.name),
      onViolation,
      counted: onViolation === 'null' || guardOf(field).length > 0,
    }
    return [{ guarded, test }]
  })
  return {
    fields: checked.map(({ guarded }) => guarded),
    check(record, provenance) {
      let violations: Violation[] | undefined
      let identity: Identity | undefined
      const who = () => {
        identity ??= readIdentity(record)
        return identity
      }
      for (const { guarded, test } of checked) {
        const value = record[guarded.name]
        if (value === null || value === undefined) continue
        const kind = test(value, record, provenance, who)
        if (kind === undefined) continue
        violations ??= []
        violations.push({ field: guarded, kind })
      }
      return violations ?? NONE
    },
  }
}

type FieldTest = (
  value: unknown,
  record: Values,
  provenance: Provenance,
  identity: () => Identity,
) => ViolationKind | undefined

/** @returns undefined for a kind of value that can hold nothing: a boolean, a symbol of an enum */
function testOf(contract: FeedContract, field: FieldContract): FieldTest | undefined {
  const cases = guardOf(field)
  switch (field.kind) {
    case 'string':
      return textTest(cases)
    case 'integer':
    case 'long':
    case 'double':
      if (field.name === contract.version)
        return (value, _record, { receivedAt }, identity) =>
          isVersion(Number(value), receivedAt) ? detectInNumber(Number(value), true, identity) : 'guard'
      return numberTest(cases)
    case 'date':
    case 'timestamp': {
      const { kind } = field
      return (value) => (isTime(Number(value), kind) ? undefined : 'guard')
    }
    case 'boolean':
    case 'enum':
      return undefined
  }
}

function textTest(cases: readonly GuardCase[]): FieldTest {
  const compiled = cases.map((one) => ({
    applies: condition(one),
    listed: new Set(one.values),
    accepts: accepting(one),
  }))
  return (value, record, provenance, identity) => {
    const text = String(value)
    for (const { accepts, applies, listed } of compiled) {
      if (!applies(record, provenance.producer)) continue
      // What the contract lists was written by its author: it says nothing of a patient, also when somebody is called so.
      if (listed.has(text)) return undefined
      if (accepts(text)) return detectInText(text, identity)
    }
    return 'guard'
  }
}

function accepting({ codes = [], pattern }: GuardCase): (text: string) => boolean {
  const systems = codes.map((code) => CODE_SYSTEMS[code])
  const whole = pattern === undefined ? undefined : wholePattern(pattern)
  return (text) => {
    for (const system of systems) if (system.accepts(text)) return true
    return whole?.ok === true && whole.test(text)
  }
}

function numberTest(cases: readonly GuardCase[]): FieldTest {
  const compiled = cases.map((one) => ({ applies: condition(one), holds: isInRange(one) }))
  return (value, record, provenance, identity) => {
    const number = Number(value)
    let declared = false
    let accepted = false
    for (const { applies, holds } of compiled) {
      if (accepted || !applies(record, provenance.producer)) continue
      declared = true
      accepted = holds(number)
    }
    return accepted || (!declared && isPlainNumber(number)) ? detectInNumber(number, false, identity) : 'guard'
  }
}
