/** One field of a contract: the checks that its schema cannot express (privacy: default deny), and what the services read of it. */
import { complete, completeKeys, items } from '../schema/complete.ts'
import type { Place } from '../schema/place.ts'
import { isObject } from '../schema/variants.ts'
import { keepsValue } from './actions.ts'
import { checkGuard } from './check-guards.ts'
import { checkPrivacy } from './check-privacy.ts'
import type { Privacy } from './privacy-schema.ts'
import { FieldRule } from './rule-schema.ts'
import { Field, type FieldType, type NotNullType } from './schema.ts'
import type { FieldContract, ValueKind } from './types.ts'

const DEFAULT_MAX_LENGTH = 256
/** A kept string is a code or a unit: longer ones could contain a sentence, and so an identity. */
const KEPT_MAX_LENGTH = 64
/** A pattern is checked in time that grows with the value's length. */
const PATTERN_MAX_LENGTH = 4096

/** Which values each check is for. */
export const CHECKS: Readonly<
  Record<FieldRule['check'], { readonly kinds: readonly ValueKind[]; readonly needs: string }>
> = {
  pattern: { kinds: ['string'], needs: 'a string' },
  range: { kinds: ['integer', 'long', 'double'], needs: 'a number' },
  'one-of': { kinds: ['string'], needs: 'a string' },
  temporal: { kinds: ['date', 'timestamp'], needs: 'a date or a timestamp' },
  'check-digit': { kinds: ['string'], needs: 'a string' },
}

/**
 * @param partial what is valid of the field; the rest was reported before
 * @returns the field as the services read it; undefined when its name, type or privacy is wrong
 */
export function parseField(partial: unknown, place: Place): FieldContract | undefined {
  const given = completeKeys(Field, partial)
  const { name, type, doc, privacy, maxLength, linkage, precision, tells } = given
  const fallback = isObject(partial) && 'default' in partial ? { default: partial.default } : {}
  const typed = type === undefined ? undefined : readType(type)
  if (name?.startsWith('_')) place.say("names that begin with _ are Chainon's own")
  if (typed?.nullable && fallback.default !== null) place.say('a nullable field must have "default": null')
  if (privacy) checkPrivacy(privacy, typed?.kind, place)
  if (typed && privacy) checkGuard(name, privacy, typed.kind, place)
  if (typed) checkLength(maxLength, typed.kind, privacy, place)
  const rules = given.rules ?? items(partial, 'rules').flatMap((rule) => complete(FieldRule, rule) ?? [])
  if (typed) for (const rule of rules) checkKind(rule, typed.kind, place.named(`rule '${rule.id}'`))
  if (maxLength !== undefined && maxLength > PATTERN_MAX_LENGTH && rules.some(({ check }) => check === 'pattern'))
    place.say(`a string with a pattern may have at most ${PATTERN_MAX_LENGTH} characters`)
  if (name === undefined || typed === undefined || privacy === undefined || type === undefined) return undefined
  return {
    name,
    doc: doc ?? '',
    ...typed,
    ...fallback,
    maxLength: maxLength ?? (keepsValue({ privacy }) ? KEPT_MAX_LENGTH : DEFAULT_MAX_LENGTH),
    privacy,
    as: ('as' in privacy ? privacy.as : undefined) ?? name,
    ...(linkage === undefined ? {} : { linkage }),
    rules,
    ...(precision === undefined ? {} : { precision }),
    ...(tells === undefined ? {} : { tells }),
    avroType: type,
  }
}

function checkLength(maxLength: number | undefined, kind: ValueKind, privacy: Privacy | undefined, place: Place): void {
  if (maxLength === undefined) return
  if (kind !== 'string') place.say("'maxLength' is for strings")
  else if (privacy && keepsValue({ privacy }) && maxLength > KEPT_MAX_LENGTH)
    place.say(`a string that is kept may have at most ${KEPT_MAX_LENGTH} characters: longer ones are text`)
}

function checkKind(rule: FieldRule, kind: ValueKind, place: Place): void {
  const { kinds, needs } = CHECKS[rule.check]
  if (!kinds.includes(kind)) place.say(`${rule.check} needs ${needs}`)
}

const KINDS: Readonly<Record<Extract<NotNullType, string>, ValueKind>> = {
  string: 'string',
  int: 'integer',
  long: 'long',
  double: 'double',
  boolean: 'boolean',
}

function readType(type: FieldType): { kind: ValueKind; nullable: boolean; symbols: readonly string[] } {
  if (typeof type === 'string') return { kind: KINDS[type], nullable: false, symbols: [] }
  if (!('type' in type)) return { ...readType(type[1]), nullable: true }
  switch (type.type) {
    case 'int':
      return { kind: 'date', nullable: false, symbols: [] }
    case 'long':
      return { kind: 'timestamp', nullable: false, symbols: [] }
    case 'enum':
      return { kind: 'enum', nullable: false, symbols: type.symbols }
  }
}
