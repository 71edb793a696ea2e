/** The complete items and keys of what the strict reader found valid: for checks that continue after a problem. */
import type { TObject, TProperties, TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import type { Place } from './place.ts'
import { read } from './read.ts'
import { isObject } from './variants.ts'
import type { Written } from './written.ts'

/** @returns the value, when all of it is as the schema says */
export function complete<S extends TSchema>(schema: S, partial: unknown): Written<S> | undefined {
  return Check(schema, partial) ? (partial as Written<S>) : undefined
}

export type CompleteKeys<P extends TProperties> = { readonly [Key in keyof P]?: Written<P[Key]> | undefined }

/** @returns the complete value of each key of a partial object; the other keys are undefined */
export function completeKeys<P extends TProperties>(schema: TObject<P>, partial: unknown): CompleteKeys<P> {
  if (Check(schema, partial)) return partial as CompleteKeys<P>
  const given = isObject(partial) ? partial : {}
  const entries = Object.entries(schema.properties).map(([key, property]) => [key, complete(property, given[key])])
  return Object.fromEntries(entries) as CompleteKeys<P>
}

/** Reads an object and reports its problems. @returns the complete value of each key */
export function readCompleteKeys<P extends TProperties>(
  schema: TObject<P>,
  value: unknown,
  place: Place,
): CompleteKeys<P> {
  return completeKeys(schema, read(schema, value, place).partial)
}

/** @returns the valid part of each item of a list, also of items that are not complete; empty for a value that is not a list */
export function items(partial: unknown, key: string): readonly unknown[] {
  const list = isObject(partial) ? partial[key] : undefined
  return Array.isArray(list) ? list : []
}
