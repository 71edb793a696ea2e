/**
 * The strict reader of what people write (contracts, project files): a TypeBox schema decides, and each problem is reported with
 * its place, all at once. Objects are closed (`closed.ts`): a key that the schema does not name is a problem, and the nearest
 * known key is suggested. A message never contains a value of the file. What needs more than its schema (another file, a depth)
 * is `Type.Unknown()` there and is read separately.
 */
import Type, { type TArray, type TObject, type TSchema, type TTuple } from 'typebox'
import { Check } from 'typebox/schema'
import { isClosed } from './closed.ts'
import { expected, symbolsOf, wordsOf } from './describe.ts'
import { reportUnknownKeys } from './keys.ts'
import { didYouMean } from './nearest.ts'
import type { Place } from './place.ts'
import { chooseVariant, isObject, type Variant } from './variants.ts'
import type { Written } from './written.ts'

export interface Reading<T> {
  /**
   * The valid part of the value: what is wrong, unknown or missing is not there, and the items of a list keep their
   * index. For checks that continue after a problem (`complete.ts`), so that everything wrong with a file is reported at once.
   */
  readonly partial: unknown
  /** The value, when nothing is wrong with it. */
  readonly complete: T | undefined
}

/** @param place where the value is in its file; problems are added to its list */
export function read<S extends TSchema>(schema: S, value: unknown, place: Place): Reading<Written<S>> {
  if (Check(schema, value)) return { partial: value, complete: value as Written<S> }
  // TypeBox has decided; the walk makes the messages.
  const before = place.problems.length
  const partial = walk(schema, value, place)
  if (place.problems.length === before)
    throw new Error(`there is no message for a value that is not ${expected(schema)}`)
  return { partial, complete: undefined }
}

/** @returns the valid part of the value; undefined when nothing is valid. Every problem has then been reported. */
function walk(schema: TSchema, value: unknown, place: Place): unknown {
  if (Type.IsObject(schema)) return walkObject(schema, value, place)
  if (Type.IsTuple(schema)) return walkTuple(schema, value, place)
  if (Type.IsArray(schema)) return walkArray(schema, value, place)
  if (!Type.IsUnion(schema)) return leaf(schema, value, place)
  const variant = chooseVariant(schema, value, place)
  if (variant === 'reported') return undefined
  if (variant === undefined) return leaf(schema, value, place)
  return Type.IsObject(variant.schema)
    ? walkObject(variant.schema, value, place, variant)
    : walk(variant.schema, value, place)
}

function walkObject(schema: TObject, value: unknown, place: Place, variant?: Variant): unknown {
  if (!isObject(value)) return place.say(`must be ${expected(schema)}`)
  if (!isClosed(schema)) throw new Error(`the schema accepts unknown keys: ${expected(schema)}`)
  const before = place.problems.length
  const suggested = reportUnknownKeys(value, schema, place, variant)
  const partial: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(schema.properties)) {
    if (Object.hasOwn(value, key)) {
      const valid = walk(property, value[key], place.key(key))
      if (valid !== undefined) partial[key] = valid
    } else if (!Type.IsOptional(property) && !suggested.has(key)) {
      const why = wordsOf(property).missing ?? expected(property)
      place.say(`${variant?.name === undefined ? 'lacks' : `${variant.name} needs`} '${key}': ${why}`)
    }
  }
  if (place.problems.length === before) refine(schema, value, place)
  return partial
}

function walkArray(schema: TArray, value: unknown, place: Place): unknown {
  if (!Array.isArray(value)) return place.say(`must be ${expected(schema)}`)
  const { minItems = 0, maxItems } = schema as { minItems?: number; maxItems?: number }
  if (value.length < minItems || value.length > (maxItems ?? value.length))
    place.say(
      maxItems === undefined
        ? `must have at least ${minItems} item${minItems === 1 ? '' : 's'}`
        : `must have ${minItems} to ${maxItems} items`,
    )
  const { named } = wordsOf(schema)
  return value.map((item: unknown, index) => {
    const name = named && isObject(item) ? item[named.by] : undefined
    const label = named && typeof name === 'string' && /^[\w=. -]{1,80}$/.test(name) ? `${named.noun} '${name}'` : ''
    return walk(schema.items, item, label === '' ? place.item(index) : place.named(label))
  })
}

function walkTuple(schema: TTuple, value: unknown, place: Place): unknown {
  if (!Array.isArray(value) || !hasForm(schema, value)) return place.say(`must be ${expected(schema)}`)
  return schema.items.map((item, index) => walk(item, value[index], place.item(index)))
}

/** @returns whether the list is as long as the tuple and has its fixed words: without them the other items have no meaning */
function hasForm(schema: TTuple, list: readonly unknown[]): boolean {
  const { items } = schema
  return list.length === items.length && items.every((item, at) => !Type.IsLiteral(item) || item.const === list[at])
}

function leaf(schema: TSchema, value: unknown, place: Place): unknown {
  // A copy has the keywords of JSON Schema and not the refinements, which have messages of their own.
  if (!Check({ ...schema }, value)) {
    const candidates = Type.IsUnion(schema) ? schema.anyOf.flatMap(symbolsOf) : symbolsOf(schema)
    const suggestion = typeof value === 'string' ? didYouMean(value, candidates) : ''
    return place.say(`must be ${expected(schema)}${suggestion}`)
  }
  return refine(schema, value, place) ? value : undefined
}

/** @returns whether the value meets the checks that no keyword of JSON Schema can express */
function refine(schema: TSchema, value: unknown, place: Place): boolean {
  if (!Type.IsRefine(schema)) return true
  const failed = schema['~refine'].find(({ check }) => !check(value))
  if (failed) place.say(failed.error(value))
  return failed === undefined
}
