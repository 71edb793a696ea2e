/** Describes what a schema accepts, for the person who wrote the file. */
import Type, { type TSchema } from 'typebox'

/** Annotations that the strict reader knows, beside those of JSON Schema. */
export interface Words {
  /** What is accepted, after "must be"; without it the words are made from the schema. */
  readonly expected?: string
  /** Why the key must be there, after "lacks 'key': "; the default is what is expected. */
  readonly missing?: string
  /** On a list: its items are named by a noun and the value of one of their keys, for instance `rule 'ins-key'`. */
  readonly named?: { readonly noun: string; readonly by: string }
  /** On an object: its optional keys of which one must be there (`needsOneOf`). */
  readonly needsOneOf?: readonly string[]
}

export function wordsOf(schema: TSchema): Words {
  return schema
}

/** @returns the words after "must be" */
export function expected(schema: TSchema): string {
  const words = wordsOf(schema).expected
  if (words !== undefined) return words
  const symbols = symbolsOf(schema)
  if (symbols.length > 0) return oneOf(symbols)
  if (Type.IsBoolean(schema)) return 'true or false'
  if (Type.IsInteger(schema)) return `a whole number${range(schema)}`
  if (Type.IsNumber(schema)) return `a number${range(schema)}`
  if (Type.IsString(schema)) return 'text'
  if (Type.IsArray(schema) || Type.IsTuple(schema)) return 'a list'
  if (Type.IsObject(schema)) return `an object with ${Object.keys(schema.properties).join(', ')}`
  if (Type.IsUnion(schema)) return [...new Set(schema.anyOf.map(expected))].join(', or ')
  return 'an object'
}

/** @returns the words of a fixed list, also of one with a single word; empty for any other schema */
export function symbolsOf(schema: TSchema): readonly string[] {
  if (Type.IsEnum(schema)) return schema.enum.map(String)
  if (Type.IsLiteral(schema)) return [String(schema.const)]
  if (!Type.IsUnion(schema)) return []
  const lists = schema.anyOf.map(symbolsOf)
  return lists.every((list) => list.length > 0) ? lists.flat() : []
}

/** @returns `a`, `a or b`, `one of a, b, c` */
export function oneOf(words: readonly string[]): string {
  return words.length > 2 ? `one of ${words.join(', ')}` : words.join(' or ')
}

function range(schema: TSchema): string {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number }
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return ` of at least ${minimum}`
  return maximum === undefined ? '' : ` of at most ${maximum}`
}
