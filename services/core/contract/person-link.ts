/** Messages of `linked.<feed>`: the linker writes them, `curate` loads them. */
import { readFileSync } from 'node:fs'
import type { AvroRecordSchema } from './avro-schemas.ts'

export const PERSON_LINK_SCHEMA: AvroRecordSchema = JSON.parse(
  readFileSync(new URL('../../../schemas/envelopes/person_link.avsc', import.meta.url), 'utf8'),
) as AvroRecordSchema

export function personLinkSubject(namespace: string): string {
  return `${namespace}chainon.person-link-value`
}

export type LinkMethod = 'scored' | 'establishment-ipp' | 'same-patient' | 'decision' | 'cancelled'

/**
 * What became of the person that a record leaves. `split`: it goes on without the record. `merge`: its records are of a person that was there before. `rename`: of one that was
 * not, because the record whose name it had left. `cancelled`: the record is of no person. Empty: the record left none.
 */
export type PersonChange = '' | 'merge' | 'split' | 'rename' | 'cancelled'

/** What the linker did when it told of it. `records`: records came, were corrected or cancelled, and what an earlier process had not told. */
export type ChangeReason = 'records' | 'reconciliation' | 'decision'

/** As in `schemas/envelopes/person_link.avsc`. */
export interface PersonLink {
  readonly patient: string
  readonly record: string
  readonly person: string | null
  readonly method: LinkMethod
  readonly weight: number | null
  readonly probability: number | null
  readonly model: string
  /** The person that the record was told to be of before; null where that is the same, or it was of none. */
  readonly previous: string | null
  readonly change: PersonChange
  readonly reason: ChangeReason
  readonly link_version: number
  /** Microseconds since 1970. */
  readonly linked_at: number
}
