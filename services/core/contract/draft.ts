/** A contract before it is read: what a program writes has rules whose ids nobody has checked yet. */
import type { RuleId } from './rule-id.ts'
import type { Contract, Field } from './schema.ts'

export type Draft<T> = unknown extends T
  ? T
  : T extends RuleId
    ? string
    : T extends string | number | boolean | null | undefined
      ? T
      : { readonly [Key in keyof T]: Draft<T[Key]> }

export type ContractDraft = Draft<Contract>
export type FieldDraft = Draft<Field>
