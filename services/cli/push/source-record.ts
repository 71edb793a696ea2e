import type { Refusal } from '#core/csv/refusal.ts'

/** A record of a file, or why its reader refuses it: it is not sent then. */
export type SourceRecord =
  | {
      /** Line of an NDJSON or delimited file where it begins, else the number of the record, from 1. */
      readonly line: number
      /** One line of NDJSON, or one Bundle. */
      readonly bytes: Buffer
      readonly refused?: undefined
      /** Of each line of the body, where a record has several: what `placeOf` of the source is told instead of `line`. */
      readonly places?: readonly number[]
    }
  | { readonly line: number; readonly refused: readonly Refusal[]; readonly places?: readonly number[] }
