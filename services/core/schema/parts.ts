/** Parts of what the strict reader found sound: for checks that go on beside a problem. */
import type { TObject, TProperties, TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import type { Place } from './place.ts'
import { read } from './read.ts'
import { isObject } from './variants.ts'
import type { Written } from './written.ts'

/** @returns the value, when all of it is as the schema says */
export function whole<S extends TSchema>(schema: S, sound: unknown): Written<S> | undefined {
  return Check(schema, sound) ? (sound as Written<S>) : undefined
}

export type Parts<P extends TProperties> = { readonly [Key in keyof P]?: Written<P[Key]> | undefined }

/** @returns what is whole under each key of a sound object; the other keys are undefined */
export function parts<P extends TProperties>(schema: TObject<P>, sound: unknown): Parts<P> {
  if (Check(schema, sound)) return sound as Parts<P>
  const given = isObject(sound) ? sound : {}
  const entries = Object.entries(schema.properties).map(([key, property]) => [key, whole(property, given[key])])
  return Object.fromEntries(entries) as Parts<P>
}

/** Reads an object and says its problems. @returns what is whole under each key */
export function readParts<P extends TProperties>(schema: TObject<P>, value: unknown, place: Place): Parts<P> {
  return parts(schema, read(schema, value, place).sound)
}

/** @returns what is sound of each item of a list, also of those that are not whole; nothing for what is no list */
export function items(sound: unknown, key: string): readonly unknown[] {
  const list = isObject(sound) ? sound[key] : undefined
  return Array.isArray(list) ? list : []
}
