/**
 * The strict reader of what people write (contracts, project files): a TypeBox schema decides, and each problem is said with
 * its place, all at once. Every object is closed: a key that the schema does not name is a problem, and the nearest known key
 * is suggested. A message never holds a value of the file.
 */
import Type, { type Static, type TArray, type TObject, type TProperties, type TSchema, type TTuple } from 'typebox'
import { Check } from 'typebox/schema'
import { expected, symbolsOf, wordsOf } from './describe.ts'
import { sayUnknownKeys } from './keys.ts'
import { didYouMean } from './nearest.ts'
import type { Place } from './place.ts'
import { chooseVariant, isObject, type Variant } from './variants.ts'

/** What is well formed of a value: what is wrong, and what is missing, is undefined. */
export type Sound<T> = T extends readonly (infer Item)[]
  ? readonly (Sound<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Sound<T[Key]> | undefined }
    : T

export interface Reading<T> {
  /** For checks that go on beside a problem, so that everything wrong with a file is said at once. */
  readonly sound: Sound<T> | undefined
  /** The value, when nothing is wrong with it. */
  readonly whole: T | undefined
}

/** @param place where the value stands in its file; problems are added to its list */
export function read<S extends TSchema>(schema: S, value: unknown, place: Place): Reading<Static<S>> {
  const before = place.problems.length
  const sound = walk(schema, value, place, {}) as Sound<Static<S>> | undefined
  if (place.problems.length > before) return { sound, whole: undefined }
  // The walk finds words for what the schema rejects; it is never the judge.
  if (!Check(schema, value)) throw new Error(`the schema rejects what was found right: ${expected(schema)}`)
  return { sound, whole: value as Static<S> }
}

/** @returns what is sound of the value; undefined when nothing is. Every problem has then been said. */
function walk(schema: TSchema, value: unknown, place: Place, definitions: TProperties): unknown {
  if (Type.IsCyclic(schema)) return walk(definition(schema.$defs, schema.$ref), value, place, schema.$defs)
  if (Type.IsRef(schema)) return walk(definition(definitions, schema.$ref), value, place, definitions)
  if (Type.IsUnion(schema)) {
    const variants = schema.anyOf.map((variant) =>
      Type.IsRef(variant) ? definition(definitions, variant.$ref) : variant,
    )
    const chosen = chooseVariant(variants, value, place)
    if (chosen === 'said') return undefined
    // A union that has words of its own speaks for all its scalars.
    const scalar = typeof value !== 'object' && wordsOf(schema).expected !== undefined
    if (chosen === undefined || scalar) return leaf(schema, value, place)
    return Type.IsObject(chosen.schema)
      ? walkObject(chosen.schema, value, place, definitions, chosen)
      : walk(chosen.schema, value, place, definitions)
  }
  if (Type.IsObject(schema)) return walkObject(schema, value, place, definitions)
  if (Type.IsTuple(schema)) return walkTuple(schema, value, place, definitions)
  if (Type.IsArray(schema)) return walkArray(schema, value, place, definitions)
  return leaf(schema, value, place)
}

function walkObject(
  schema: TObject,
  value: unknown,
  place: Place,
  definitions: TProperties,
  variant?: Variant,
): unknown {
  if (!isObject(value)) return place.say(`must be ${expected(schema)}`)
  const before = place.problems.length
  const suggested = sayUnknownKeys(value, schema, place, variant)
  const sound: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(schema.properties)) {
    if (Object.hasOwn(value, key)) {
      const part = walk(property, value[key], place.key(key), definitions)
      if (part !== undefined) sound[key] = part
    } else if (!Type.IsOptional(property) && !suggested.has(key)) {
      const why = wordsOf(property).missing ?? expected(property)
      place.say(`${variant?.name === undefined ? 'lacks' : `${variant.name} needs`} '${key}': ${why}`)
    }
  }
  if (place.problems.length === before) refine(schema, value, place)
  return sound
}

function walkArray(schema: TArray, value: unknown, place: Place, definitions: TProperties): unknown {
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
    const called = named && typeof name === 'string' && /^[\w=. -]{1,80}$/.test(name) ? `${named.noun} '${name}'` : ''
    return walk(schema.items, item, called === '' ? place.item(index) : place.named(called), definitions)
  })
}

function walkTuple(schema: TTuple, value: unknown, place: Place, definitions: TProperties): unknown {
  if (!Array.isArray(value) || value.length !== schema.items.length) return place.say(`must be ${expected(schema)}`)
  return schema.items.map((item, index) => walk(item, value[index], place.item(index), definitions))
}

function leaf(schema: TSchema, value: unknown, place: Place): unknown {
  // A copy has the keywords of JSON Schema and not the refinements, which have messages of their own.
  if (!Check({ ...schema }, value)) {
    const guesses = Type.IsUnion(schema) ? schema.anyOf.flatMap(symbolsOf) : symbolsOf(schema)
    const guess = typeof value === 'string' ? didYouMean(value, guesses) : ''
    return place.say(`must be ${expected(schema)}${guess}`)
  }
  return refine(schema, value, place) ? value : undefined
}

/** @returns whether the value meets the checks that no keyword of JSON Schema can say */
function refine(schema: TSchema, value: unknown, place: Place): boolean {
  if (!Type.IsRefine(schema)) return true
  const failed = schema['~refine'].find(({ check }) => !check(value))
  if (failed) place.say(failed.error(value))
  return failed === undefined
}

function definition(definitions: TProperties, name: string): TSchema {
  const found = definitions[name]
  if (!found) throw new Error(`the schema has no definition ${name}`)
  return found
}
