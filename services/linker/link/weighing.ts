/** The weight of pairs of an index: by the model, and by how frequent values are among the persons of the index itself (docs/adr/0069). */
import { setImmediate } from 'node:timers/promises'
import type { ValueFrequencies } from '#core/linkage/frequencies.ts'
import { frequencyCounter } from '#core/linkage/frequency-counter.ts'
import type { Layout } from '#core/linkage/layout.ts'
import { comparedFields } from '#core/linkage/levels.ts'
import type { Model } from '#core/linkage/model.ts'
import { filterStore, type RecordStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import type { Trait } from '#core/linkage/traits.ts'
import { type Codec, readHead } from '../index/codec.ts'
import type { IndexKeys } from '../index/keys.ts'
import type { LinkIndex } from '../index/link-index.ts'
import { openFrequencies, sealFrequencies } from './sealed-frequencies.ts'

export interface WeighingOptions {
  readonly index: Pick<LinkIndex, 'size' | 'persons' | 'records' | 'frequencies' | 'weighBy' | 'commit'>
  readonly keys: Pick<IndexKeys, 'open' | 'seal'>
  readonly codec: Pick<Codec, 'unpack'>
  readonly layout: Layout
  readonly model: Model
  /** Opened records, which are compared by their number in it. */
  readonly store: RecordStore
}

export interface Weighing {
  /** @returns log2 of the odds that two records of the store are one person */
  readonly weight: (a: number, b: number) => number
  /** Records that the index had when values were counted; 0: equal values of a trait weigh alike. */
  readonly counted: () => number
  /** @returns a count that is due; undefined: none is */
  readonly begin: () => Count | undefined
}

export interface Count {
  /** The first record of each person. */
  readonly persons: Int32Array
  add(persons: Int32Array): Promise<void>
  /** Counts what was added; batches may be linked meanwhile. */
  finish(): Promise<void>
  /** Pairs are weighed by what was counted from now on, and those that were weighed before once more, by the reconciliation. */
  use(): Promise<void>
}

/** Of fewer records, frequencies say little. Each count makes the reconciliation compare all records: with those of double the size, each some two times in all. */
const LEAST_RECORDS = 1000
const GROWTH = 2

export function weighing({ index, keys, codec, layout, model, store }: WeighingOptions): Weighing {
  let counted = openFrequencies(keys, index.frequencies())
  let current = scorer(model, counted.frequencies, store, layout)

  const averageOf = (trait: Trait) => model.fields.find((field) => field.trait === trait)?.chance ?? 1

  function begin(): Count | undefined {
    const records = index.size()
    if (records < Math.max(LEAST_RECORDS, GROWTH * counted.records)) return undefined
    const counter = frequencyCounter(layout, comparedFields(layout))
    const one = filterStore(layout)
    const found: [Trait, ValueFrequencies][] = []
    one.add({ filters: new Int32Array(layout.words), newborn: false })
    return {
      persons: index.persons().filter((person, number) => person === number),
      async add(persons) {
        for (const bytes of (await index.records([...persons])).values()) {
          const head = readHead(bytes)
          if (head.isCancelled) continue
          one.replace(0, codec.unpack(keys.open(bytes, head.bytes)))
          counter.add(one, 0, head.producer)
        }
      },
      async finish() {
        for (const [trait, shares] of counter.shares(averageOf)) {
          found.push([trait, shares])
          await setImmediate()
        }
      },
      async use() {
        const next = { records, frequencies: Object.fromEntries(found) }
        index.weighBy(sealFrequencies(keys, next))
        await index.commit()
        counted = next
        current = scorer(model, counted.frequencies, store, layout)
      },
    }
  }

  return { weight: (a, b) => current.weight(a, b), counted: () => counted.records, begin }
}
