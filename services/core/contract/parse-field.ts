/** Checks one field of a contract: its Avro type, its privacy attribute (default deny) and its rules. */
import type { FieldContract, FieldRule, LinkageRole, PrivacyAction, PrivacyClass, ValueKind } from './types.ts'

export type FieldProblem = string

const ATTRIBUTES = ['name', 'type', 'doc', 'default', 'privacy', 'linkage', 'maxLength', 'rules']
const DEFAULT_MAX_LENGTH = 256
/** A kept string is a code or a unit: longer ones could hold a sentence, and so an identity. */
const KEPT_MAX_LENGTH = 64

/** Which actions each privacy class allows. */
const ALLOWED: Record<PrivacyClass, readonly PrivacyAction['action'][]> = {
  none: ['keep', 'drop'],
  direct: ['pseudonymise', 'tokenise', 'drop'],
  trait: ['keep', 'tokenise', 'truncate', 'drop'],
  date: ['keep', 'truncate', 'drop'],
  place: ['generalise', 'drop'],
  text: ['scrub', 'drop'],
  professional: ['drop'],
}
const ROLES: readonly LinkageRole[] = [
  'ins',
  'nir',
  'identity_status',
  'birth_family_name',
  'birth_given_names',
  'birth_date',
  'sex',
  'birth_place_insee',
]

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns the field, or every problem with it, each beginning with its name */
export function checkField(raw: unknown, index: number): FieldContract | FieldProblem[] {
  if (!isObject(raw) || typeof raw.name !== 'string') return [`field ${index} lacks a name`]
  const name = raw.name
  const problems: string[] = []
  const say = (text: string) => problems.push(`field '${name}': ${text}`)
  for (const attribute of Object.keys(raw)) if (!ATTRIBUTES.includes(attribute)) say(`unknown attribute '${attribute}'`)
  if (name.startsWith('_')) say("names that begin with _ are Chainon's own")
  if (typeof raw.doc !== 'string' || raw.doc === '') say("lacks 'doc'")
  const type = readType(raw.type)
  if (!type)
    say(
      'its type must be string, int, long, double, boolean, an enum, a date or a timestamp-millis, or a union of null and one',
    )
  if (type?.nullable && raw.default !== null) say('a nullable field must have "default": null')
  const privacy = readPrivacy(raw.privacy, type?.kind, say)
  const maxLength = raw.maxLength ?? (privacy?.action === 'keep' ? KEPT_MAX_LENGTH : DEFAULT_MAX_LENGTH)
  if (!Number.isInteger(maxLength) || (maxLength as number) < 1) say("'maxLength' must be a positive integer")
  if (type?.kind === 'string' && privacy?.action === 'keep' && (maxLength as number) > KEPT_MAX_LENGTH)
    say(`a string that is kept may hold at most ${KEPT_MAX_LENGTH} characters: longer ones are text`)
  if (raw.linkage !== undefined && !ROLES.includes(raw.linkage as LinkageRole))
    say(`'linkage' must be one of ${ROLES.join(', ')}`)
  const rules = readRules(raw.rules, type?.kind, say)
  if (problems.length > 0 || !type || !privacy) return problems
  const as = isObject(raw.privacy) && typeof raw.privacy.as === 'string' ? raw.privacy.as : name
  return {
    name,
    doc: raw.doc as string,
    kind: type.kind,
    nullable: type.nullable,
    symbols: type.symbols,
    ...('default' in raw ? { default: raw.default } : {}),
    maxLength: maxLength as number,
    privacy,
    as,
    ...(raw.linkage === undefined ? {} : { linkage: raw.linkage as LinkageRole }),
    rules,
    avroType: raw.type,
  }
}

function readType(type: unknown): { kind: ValueKind; nullable: boolean; symbols: readonly string[] } | undefined {
  if (Array.isArray(type)) {
    if (type.length !== 2 || type[0] !== 'null') return undefined
    const inner = readType(type[1])
    return inner && !inner.nullable ? { ...inner, nullable: true } : undefined
  }
  if (typeof type === 'string') {
    const kinds: Record<string, ValueKind> = {
      string: 'string',
      int: 'integer',
      long: 'long',
      double: 'double',
      boolean: 'boolean',
    }
    const kind = kinds[type]
    return kind ? { kind, nullable: false, symbols: [] } : undefined
  }
  if (!isObject(type)) return undefined
  if (type.type === 'int' && type.logicalType === 'date') return { kind: 'date', nullable: false, symbols: [] }
  if (type.type === 'long' && type.logicalType === 'timestamp-millis')
    return { kind: 'timestamp', nullable: false, symbols: [] }
  if (type.type === 'enum' && Array.isArray(type.symbols))
    return { kind: 'enum', nullable: false, symbols: type.symbols as string[] }
  return undefined
}

function readPrivacy(
  raw: unknown,
  kind: ValueKind | undefined,
  say: (text: string) => void,
): FieldContract['privacy'] | undefined {
  if (!isObject(raw)) {
    say("lacks 'privacy': a field that nobody decided on is never passed on")
    return undefined
  }
  const allowed = ALLOWED[raw.class as PrivacyClass]
  if (!allowed) {
    say(`privacy class '${String(raw.class)}' must be one of ${Object.keys(ALLOWED).join(', ')}`)
    return undefined
  }
  if (!allowed.includes(raw.action as PrivacyAction['action'])) {
    say(`privacy class '${String(raw.class)}' allows ${allowed.join(', ')}, not '${String(raw.action)}'`)
    return undefined
  }
  if (raw.action === 'pseudonymise' && !['record', 'patient', 'encounter'].includes(String(raw.domain)))
    say("pseudonymise needs 'domain': record, patient or encounter")
  if (raw.action === 'pseudonymise' && kind !== 'string') say('only a string can be pseudonymised')
  if (raw.action === 'truncate' && (kind !== 'date' || (raw.to !== 'month' && raw.to !== 'year')))
    say("truncate needs a date and 'to': month or year")
  if (raw.action === 'generalise' && (kind !== 'string' || raw.to !== 'department'))
    say("generalise needs a string and 'to': department")
  if (raw.action === 'keep' && raw.as !== undefined)
    say("a field that is kept keeps its name: 'as' is for what replaces a value")
  if (raw.action === 'keep' && raw.class === 'trait' && kind !== 'enum') say('a trait that is kept must be an enum')
  return raw as unknown as FieldContract['privacy']
}

function readRules(raw: unknown, kind: ValueKind | undefined, say: (text: string) => void): readonly FieldRule[] {
  if (raw === undefined) return []
  if (!Array.isArray(raw)) {
    say("'rules' must be an array")
    return []
  }
  const rules: FieldRule[] = []
  for (const rule of raw) {
    if (!isObject(rule) || typeof rule.id !== 'string') {
      say("a rule lacks 'id'")
      continue
    }
    const wrong = (text: string) => say(`rule '${String(rule.id)}': ${text}`)
    if (rule.severity !== 'reject' && rule.severity !== 'flag') wrong("'severity' must be reject or flag")
    const number = kind === 'integer' || kind === 'long' || kind === 'double'
    switch (rule.check) {
      case 'pattern':
        try {
          new RegExp(String(rule.pattern), 'u')
        } catch {
          wrong("'pattern' is not a regular expression")
        }
        if (kind !== 'string') wrong('pattern needs a string')
        break
      case 'range':
        if (!number || (typeof rule.min !== 'number' && typeof rule.max !== 'number'))
          wrong("range needs a number and 'min' or 'max'")
        break
      case 'one-of':
        if (kind !== 'string' || !Array.isArray(rule.values)) wrong("one-of needs a string and 'values'")
        break
      case 'temporal':
        if (kind !== 'date' && kind !== 'timestamp') wrong('temporal needs a date or a timestamp')
        if (rule.notAfter !== 'received' && Number.isNaN(Date.parse(String(rule.notBefore))))
          wrong("temporal needs 'notAfter': received or 'notBefore': a date")
        break
      case 'check-digit':
        if (kind !== 'string' || !['nir', 'loinc', 'luhn'].includes(String(rule.algorithm)))
          wrong("check-digit needs a string and 'algorithm': nir, loinc or luhn")
        break
      default:
        wrong(
          `unknown check '${String(rule.check)}'; a field's rule is pattern, range, one-of, temporal or check-digit`,
        )
    }
    rules.push(rule as unknown as FieldRule)
  }
  return rules
}
