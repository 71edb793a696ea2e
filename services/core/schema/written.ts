/** What a schema accepts, as a type: nothing that was read from a file is changed afterwards. */
import type { Static, TSchema } from 'typebox'

export type Written<S extends TSchema> = DeepReadonly<Static<S>>

type DeepReadonly<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
