/** Which variant of a union a value means, so that what is said of it is about that variant and not about all of them. */
import Type, { type TLiteral, type TObject, type TSchema } from 'typebox'
import { oneOf } from './describe.ts'
import { type NamedObject, sayUnknownKeys } from './keys.ts'
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

/** @returns the variant; undefined when the union's scalars decide; `said` when no variant is meant, which has been said */
export function chooseVariant(
  variants: readonly TSchema[],
  value: unknown,
  place: Place,
): Variant | undefined | 'said' {
  if (isObject(value)) return chooseObject(variants.filter(Type.IsObject), value, place)
  const same = Array.isArray(value)
    ? variants.filter((variant) => Type.IsArray(variant) || Type.IsTuple(variant))
    : variants.filter((variant) => !Type.IsObject(variant) && !Type.IsArray(variant) && !Type.IsTuple(variant))
  const [only] = same
  return only !== undefined && same.length === 1 ? { schema: only, others: [] } : undefined
}

function chooseObject(
  objects: readonly TObject[],
  value: Readonly<Record<string, unknown>>,
  place: Place,
): Variant | undefined | 'said' {
  const [first, ...rest] = objects
  if (!first) return undefined
  if (rest.length === 0) return { schema: first, others: [] }
  const key = discriminator(objects)
  if (key === undefined) {
    const shared = (schema: TObject) =>
      Object.keys(value).filter((name) => Object.hasOwn(schema.properties, name)).length
    const schema = rest.reduce((best, next) => (shared(next) > shared(best) ? next : best), first)
    return { schema, others: [] }
  }
  const named = objects.map((schema) => ({ name: String((schema.properties[key] as TLiteral).const), schema }))
  const chosen = named.find(({ name }) => name === value[key])
  if (chosen) return { ...chosen, others: named.filter((other) => other !== chosen) }
  const names = named.map(({ name }) => name)
  if (Object.hasOwn(value, key)) {
    const given = value[key]
    place.key(key).say(`must be ${oneOf(names)}${typeof given === 'string' ? didYouMean(given, names) : ''}`)
  } else {
    const all = Type.Object(Object.assign({}, ...objects.map((schema) => schema.properties)) as TObject['properties'])
    if (!sayUnknownKeys(value, all, place).has(key)) place.say(`lacks '${key}': ${oneOf(names)}`)
  }
  return 'said'
}

/** @returns the key that has one word of its own in each of the objects */
function discriminator(objects: readonly TObject[]): string | undefined {
  const [first] = objects
  return Object.keys(first?.properties ?? {}).find((key) =>
    objects.every((schema) => Type.IsLiteral(schema.properties[key])),
  )
}
