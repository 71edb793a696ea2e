/** Checks the rules of a contract together: different ids, and fields that exist where the rule is checked. */
import { asRecordFault } from '../faults/codes.ts'
import type { Place } from '../schema/place.ts'
import { isReadable, keepsValue, recordRuleZone, ruleZone } from './actions.ts'
import { GUARD_PREFIX, TEXT_PREFIX } from './rule-id.ts'
import type { FieldContract, FieldRule, RecordRule, ValueKind } from './types.ts'

const COMPARABLE: readonly ValueKind[] = ['integer', 'long', 'double', 'date', 'timestamp']

type FieldsByName = ReadonlyMap<string, FieldContract>

/** Reports every problem between the rules of a contract and its fields. */
export function checkRules(fields: readonly FieldContract[], recordRules: readonly RecordRule[], file: Place): void {
  const byName: FieldsByName = new Map(fields.map((field) => [field.name, field]))
  const seen = new Set<string>()
  const check = (rule: FieldRule | RecordRule, survivorsOnly: boolean) => {
    const place = file.named(`rule '${rule.id}'`)
    if (seen.has(rule.id)) file.say(`two rules are both called '${rule.id}'`)
    seen.add(rule.id)
    for (const prefix of [GUARD_PREFIX, TEXT_PREFIX])
      if (rule.id.startsWith(prefix)) place.say(`ids that begin with ${prefix} are Chainon's own`)
    if (asRecordFault(rule.id)) place.say('is the name of a fault that every feed has')
    checkCondition(rule, survivorsOnly, byName, place)
  }
  for (const field of fields) for (const rule of field.rules) check(rule, ruleZone(field) === 'pseudonymised')
  for (const rule of recordRules) {
    checkOperands(rule, byName, file.named(`rule '${rule.id}'`))
    check(rule, recordRuleZone(rule, byName) === 'pseudonymised')
  }
}

/** Of a field that leaves nothing, a rule of the record would tell something. */
function checkOperands(rule: RecordRule, byName: FieldsByName, place: Place): void {
  for (const name of rule.check === 'compare' ? [rule.left, rule.right] : [rule.field, rule.with]) {
    const field = byName.get(name)
    if (!field) place.say(`names the field '${name}', which does not exist`)
    else if (!isReadable(field)) place.say(`reads '${name}', which does not survive de-identification`)
    else if (rule.check === 'compare' && !COMPARABLE.includes(field.kind))
      place.say(`'${name}' is neither a number nor a time`)
  }
}

/** A condition that is never met would hide a rule that never applies: its outcome is always "not applicable". */
function checkCondition(
  { when }: FieldRule | RecordRule,
  survivorsOnly: boolean,
  byName: FieldsByName,
  place: Place,
): void {
  if (when === undefined) return
  const field = byName.get(when.field)
  if (!field) place.say(`'when' names the field '${when.field}', which does not exist`)
  else if (field.kind !== 'string' && field.kind !== 'enum') place.say("'when' needs a string or an enum")
  else if (field.kind === 'enum' && !field.symbols.includes(when.equals))
    place.say(`'${when.equals}' is not a symbol of '${field.name}'`)
  else if (survivorsOnly && !keepsValue(field))
    place.say(`'when' reads '${field.name}', which does not survive de-identification`)
}
