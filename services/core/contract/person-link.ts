/** Messages of `linked.<feed>`: the linker writes them, `curate` loads them. */
import { readFileSync } from 'node:fs'
import type { AvroRecordSchema } from './avro-schemas.ts'

export const PERSON_LINK_SCHEMA: AvroRecordSchema = JSON.parse(
  readFileSync(new URL('../../../schemas/envelopes/person_link.avsc', import.meta.url), 'utf8'),
) as AvroRecordSchema

export function personLinkSubject(namespace: string): string {
  return `${namespace}chainon.person-link-value`
}

export type LinkMethod = 'scored' | 'establishment-ipp' | 'cancelled'

/** As in `schemas/envelopes/person_link.avsc`. */
export interface PersonLink {
  readonly patient: string
  readonly record: string
  readonly person: string | null
  readonly method: LinkMethod
  readonly weight: number | null
  readonly probability: number | null
  readonly model: string
  readonly link_version: number
  /** Microseconds since 1970. */
  readonly linked_at: number
}
