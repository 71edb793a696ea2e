/** Checks the guards of kept values: a string is never kept without one, and what a guard accepts is of the field's type. */
import { CODE_SYSTEM_NAMES } from '../guards/code-systems.ts'
import type { Place } from '../schema/place.ts'
import { guardOf, isGuarded, violationOf } from './actions.ts'
import { PRODUCER } from './guard-schema.ts'
import type { Privacy } from './privacy-schema.ts'
import { GUARD_PREFIX } from './rule-id.ts'
import type { FieldContract, GuardCase, ValueKind } from './types.ts'

/** Its guard is counted as the rule `guard-<field>`, and a rule's id has 64 characters. */
const MAX_KEPT_NAME = 64 - GUARD_PREFIX.length

const OF_STRINGS = ['values', 'codes', 'pattern'] as const
const OF_NUMBERS = ['min', 'max'] as const
/** What a case of a guard may say of a value, by the value's kind; kinds that cannot hold a person's name or number have no guard. */
const CASES: Readonly<Record<ValueKind, readonly (keyof GuardCase)[]>> = {
  string: OF_STRINGS,
  integer: OF_NUMBERS,
  long: OF_NUMBERS,
  double: OF_NUMBERS,
  boolean: [],
  date: [],
  timestamp: [],
  enum: [],
}

/** Checks the guard of one field, as far as it can be checked without the other fields. */
export function checkGuard(name: string | undefined, privacy: Privacy, kind: ValueKind, place: Place): void {
  if (!isGuarded({ privacy })) return
  if ((name?.length ?? 0) > MAX_KEPT_NAME)
    place.say(`the name of a field that is kept has at most ${MAX_KEPT_NAME} characters`)
  const guard = guardOf({ privacy })
  if (guard.length === 0) {
    if (kind === 'string')
      place.say(
        `a string that is kept needs a 'guard': 'values', a 'pattern', or 'codes' of ${CODE_SYSTEM_NAMES.join(', ')}`,
      )
    return
  }
  const allowed = CASES[kind]
  if (allowed.length === 0) return place.say(`a ${kind} needs no guard`)
  for (const [index, one] of guard.entries()) {
    const wrong = [...OF_STRINGS, ...OF_NUMBERS].find((key) => one[key] !== undefined && !allowed.includes(key))
    if (wrong !== undefined)
      place
        .key('privacy')
        .key('guard')
        .item(index)
        .say(`'${wrong}' is for ${kind === 'string' ? 'numbers' : 'strings'}`)
  }
}

/** Checks the conditions of all guards, and that the fields with a role are never replaced by null. */
export function checkGuardConditions(fields: readonly FieldContract[], file: Place): void {
  const byName = new Map(fields.map((field) => [field.name, field]))
  for (const field of fields) {
    for (const { when = [] } of guardOf(field))
      for (const { field: name, equals } of when) {
        if (name === PRODUCER) continue
        const place = file.named(`field '${field.name}'`)
        const read = byName.get(name)
        if (!read) place.say(`its guard names the field '${name}', which does not exist`)
        else if (read.kind !== 'string' && read.kind !== 'enum')
          place.say("'when' of its guard needs a string or an enum")
        else if (read.kind === 'enum' && !read.symbols.includes(equals))
          place.say(`its guard: '${equals}' is not a symbol of '${name}'`)
      }
  }
}

/** @param field with a role that needs a value */
export function checkNeverNull(role: string, field: FieldContract, file: Place): void {
  if (isGuarded(field) && violationOf(field) === 'null')
    file.say(`field '${field.name}' is the ${role}: a value that its guard does not accept can only refuse the record`)
}
