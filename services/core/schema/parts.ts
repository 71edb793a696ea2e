/** Parts of what the strict reader found sound: for checks that go on beside a problem. */
import type { Static, TObject, TProperties, TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import { isObject } from './variants.ts'

/** @returns the value, when all of it is as the schema says */
export function whole<S extends TSchema>(schema: S, sound: unknown): Static<S> | undefined {
  return Check(schema, sound) ? (sound as Static<S>) : undefined
}

/** @returns what is whole under each key of a sound object; the other keys are undefined */
export function parts<P extends TProperties>(
  schema: TObject<P>,
  sound: unknown,
): { readonly [Key in keyof P]?: Static<P[Key]> | undefined } {
  const given = isObject(sound) ? sound : {}
  const entries = Object.entries(schema.properties).map(([key, property]) => [key, whole(property, given[key])])
  return Object.fromEntries(entries) as { readonly [Key in keyof P]?: Static<P[Key]> | undefined }
}

/** @returns what is sound of each item of a list, also of those that are not whole; nothing for what is no list */
export function items(sound: unknown, key: string): readonly unknown[] {
  const list = isObject(sound) ? sound[key] : undefined
  return Array.isArray(list) ? list : []
}
