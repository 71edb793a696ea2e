/** Objects of files that people write. */
import Type, { type TObject, type TProperties } from 'typebox'

/**
 * @param description what the object is, for a reference or an editor
 * @returns an object that may have these keys and no other: without this a misspelt key would count as a missing key
 */
export function closed<P extends TProperties>(properties: P, description?: string): TObject<P> {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  })
}

/** @returns an object that needs at least one of these of its optional keys, else the message is about the whole of it */
export function needsOneOf<P extends TProperties>(
  object: TObject<P>,
  keys: readonly (string & keyof P)[],
  message: string,
) {
  const annotated: TObject<P> = Object.assign(object, { needsOneOf: keys })
  return Type.Refine(
    annotated,
    (value: unknown) => keys.some((key) => (value as Readonly<Record<string, unknown>>)[key] !== undefined),
    () => message,
  )
}

export function isClosed(schema: TObject): boolean {
  return 'additionalProperties' in schema && schema.additionalProperties === false
}
