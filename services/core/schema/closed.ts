/** Objects of files that people write. */
import Type, { type TObject, type TProperties } from 'typebox'

/** @returns an object that may have these keys and no other: without this a misspelt key would count as a missing key */
export function closed<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false })
}

export function isClosed(schema: TObject): boolean {
  return 'additionalProperties' in schema && schema.additionalProperties === false
}
