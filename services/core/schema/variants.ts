/** Finds the variant of a union that a value is meant to be, so that messages are about that variant and not about all of them. */
import Type, { type TLiteral, type TObject, type TSchema, type TUnion } from 'typebox'
import { oneOf, wordsOf } from './describe.ts'
import { type NamedObject, reportUnknownKeys } from './keys.ts'
import { didYouMean } from './nearest.ts'
import type { Place } from './place.ts'

export interface Variant {
  readonly schema: TSchema
  readonly name?: string
  readonly others: readonly NamedObject[]
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns the variant; undefined when the union is checked as a whole; `reported` when no variant fits, which is then a problem */
export function chooseVariant(union: TUnion, value: unknown, place: Place): Variant | undefined | 'reported' {
  if (isObject(value)) return chooseObject(union.anyOf.filter(Type.IsObject), value, place)
  const isList = (schema: TSchema) => Type.IsArray(schema) || Type.IsTuple(schema)
  const [only, ...more] = union.anyOf.filter((variant) =>
    Array.isArray(value) ? isList(variant) : !isList(variant) && !Type.IsObject(variant),
  )
  // A union that has words of its own describes its scalars.
  if (!only || more.length > 0 || (!isList(only) && wordsOf(union).expected !== undefined)) return undefined
  return { schema: only, others: [] }
}

function chooseObject(
  objects: readonly TObject[],
  value: Readonly<Record<string, unknown>>,
  place: Place,
): Variant | undefined | 'reported' {
  const [first, ...rest] = objects
  if (!first) return undefined
  if (rest.length === 0) return { schema: first, others: [] }
  const key = discriminator(objects)
  if (key === undefined) throw new Error('the objects of the union have no key that distinguishes them')
  const named = objects.map((schema) => ({ name: String((schema.properties[key] as TLiteral).const), schema }))
  const chosen = named.find(({ name }) => name === value[key])
  if (chosen) return { ...chosen, others: named.filter((other) => other !== chosen) }
  const names = named.map(({ name }) => name)
  if (Object.hasOwn(value, key)) {
    const given = value[key]
    place.key(key).say(`must be ${oneOf(names)}${typeof given === 'string' ? didYouMean(given, names) : ''}`)
  } else {
    const all = Type.Object(Object.assign({}, ...objects.map((schema) => schema.properties)) as TObject['properties'])
    if (!reportUnknownKeys(value, all, place).has(key)) place.say(`lacks '${key}': ${oneOf(names)}`)
  }
  return 'reported'
}

/** @returns the key that has one word of its own in each of the objects */
function discriminator(objects: readonly TObject[]): string | undefined {
  const [first] = objects
  return Object.keys(first?.properties ?? {}).find((key) =>
    objects.every((schema) => Type.IsLiteral(schema.properties[key])),
  )
}
