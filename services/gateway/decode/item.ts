/** The result of the decoders: one record of a request, or the fault for which it could not be decoded. */
import type { ValueSource } from '#core/contract/record-reader.ts'
import type { RecordFault } from '#core/faults/codes.ts'

/** One record of a body of one feed. */
export type Decoded =
  | { readonly fault?: undefined; readonly raw: unknown }
  | {
      readonly fault: 'malformed-json' | 'record-too-large'
      /** Where in its line the record is malformed. */
      readonly path?: string
    }

export interface DecodedItem {
  readonly kind: 'decoded'
  /** Position in the request, from 0; of the entry for a FHIR Bundle, of the message for HL7 v2. */
  readonly index: number
  readonly feed: string
  /** Not yet compared with its contract. */
  readonly raw: unknown
  readonly source: ValueSource
  /** What it was read from, when that is kept in the object store. */
  readonly file?: Buffer
  /** Of a field of the record: the element that it is read from, in the terms of the format. */
  readonly pathOf?: (field: string) => string | undefined
}

export interface UndecodableItem {
  readonly kind: 'undecodable'
  readonly index: number
  /** Undefined when the feed of the record is not known. */
  readonly feed: string | undefined
  readonly pointer: string
  readonly fault: RecordFault
  /** The element in the terms of the format. */
  readonly path?: string
  /** What the element may be. */
  readonly allowed?: readonly string[]
}

export type Item = DecodedItem | UndecodableItem
