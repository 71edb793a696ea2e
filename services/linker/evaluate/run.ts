/** What a run of `chainon link evaluate` is given, and what the linker makes of the records. */
import type { Redis } from 'ioredis'
import type { Frequencies } from '#core/linkage/frequencies.ts'
import type { Model } from '#core/linkage/model.ts'
import type { Limits } from '#core/linkage/token-index.ts'
import type { LinkerCounts } from '../link/linker.ts'
import type { PairList } from './scored-pairs.ts'

export interface EvaluateOptions {
  readonly plain: boolean
  /** Threads that encode; 1: the linker's own. */
  readonly workers: number
  /** Order of arrival; undefined: as in the files. */
  readonly shuffle: number | undefined
  readonly model: Model
  readonly frequencies: Frequencies
  readonly onePerSource: boolean
  readonly limits: Limits
  readonly onProgress: (done: number) => void
  /** Receives for each record the first one of its person. */
  readonly onPersons?: (personOf: Int32Array) => void
  /** Links on an index in Redis; by default in memory. */
  readonly redis?: RedisStore
}

export interface RedisStore {
  readonly redis: Redis
  /** Of the index, 32 bytes. */
  readonly secret: Buffer
  /** An index that is kept, and gone on with when it is there; without a name it is removed at the end. */
  readonly name: string | undefined
  /** Records that are linked together. */
  readonly batch: number
}

/** What a linker made of the records. */
export interface Linked {
  readonly scored: PairList
  /** The record that has a number of the linker. */
  readonly recordOf: Int32Array
  /** For each number, that of its person's first record. */
  readonly personOf: Int32Array
  readonly counts: LinkerCounts
  /** Records whose person another order would have changed. */
  readonly corrected: number
  /** Milliseconds of each record. */
  readonly times: Float32Array
  readonly seconds: number
  /** Of these, for encoding; undefined when it is not apart. */
  readonly encodingSeconds: number | undefined
  /** What the store says of itself. */
  readonly store?: Readonly<Record<string, unknown>>
}
