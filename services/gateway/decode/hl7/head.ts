/** The fields that every record has. */
import type { Context, FieldMap } from './record-map.ts'
import { Refusal } from './refusal.ts'

export type Operation = 'upsert' | 'cancel'

/** A record's own part of a message. */
export interface Source extends Context {
  readonly recordId: string | undefined | Refusal
  readonly operation: Operation
}

/** @param id where the record's identifier comes from @param operation where a cancellation comes from */
export function headMap<S extends Source>(id: readonly string[], operation: readonly string[], note?: string) {
  return {
    record_id: { from: id, ...(note === undefined ? {} : { note }), read: ({ recordId }: S) => recordId },
    record_version: {
      from: ['MSH-7'],
      note: 'milliseconds since 1970; the time of receipt where MSH-7 has no minutes or is more than a day ahead',
      read: ({ version }: S) => version,
    },
    operation: { from: operation, read: (source: S) => source.operation },
    patient_ipp: { from: ['PID-3'], note: 'of type PI, else MR, else without a type', read: ({ ipp }: S) => ipp },
  } satisfies Record<string, FieldMap<S>>
}

export function ndaMap<S extends Source>() {
  return {
    encounter_nda: { from: ['PID-18', 'PV1-19'], read: ({ nda }: S) => nda },
  } satisfies Record<string, FieldMap<S>>
}
