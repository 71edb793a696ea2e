/** What one write of the index changes. */
import type { Untold } from './outbox.ts'

/** limited: records whose edges are to be corrected, because they met a limit or values were counted; split: records of a component that was too large. */
export type Flag = 'limited' | 'split'

/** What a batch has changed. */
export interface Writes {
  /** Records that have been there. */
  readonly size: number
  readonly records: ReadonlyMap<number, Buffer>
  /** Of each record its edges to those with lower numbers; empty: none. */
  readonly edges: ReadonlyMap<number, ReadonlyMap<number, number>>
  /** Number of the person's first record. */
  readonly persons: ReadonlyMap<number, number>
  /** What is to be told of records; undefined: nothing more. */
  readonly untold: ReadonlyMap<number, Untold | undefined>
  /** By the number of the first of 256 records: their marks, a bit each. */
  readonly limited: ReadonlyMap<number, Buffer>
  readonly split: ReadonlyMap<number, Buffer>
  /** Sealed, by the two ids (latin1). */
  readonly decisions: ReadonlyMap<string, Buffer>
  readonly linkVersion: number | undefined
  /** Sealed (link/sealed-frequencies.ts); undefined: none, or those of before. */
  readonly frequencies: Buffer | undefined
  readonly positions: ReadonlyMap<string, bigint>
}
