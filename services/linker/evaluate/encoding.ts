/** Records as the linker sees them: encoded, or plain to show what the encoding costs. */
import { comparedTraits, type EncodedRecord, recordEncoder } from '#core/linkage/encode.ts'
import type { Layout } from '#core/linkage/layout.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
import { plainStore } from '#core/linkage/plain-store.ts'
import { filterStore, type Similarities } from '#core/linkage/record-store.ts'
import type { DateFormat, Trait, Traits } from '#core/linkage/traits.ts'

/** For evaluations only: the same secret gives the same result again. */
const SECRET = Buffer.alloc(32, 'chainon/link-evaluate')

/** What records of a data set have in common. */
export interface Form {
  readonly traits: ReadonlySet<Trait>
  readonly dates: DateFormat
  /** Names of the kinds of tokens that are made; undefined: all. */
  readonly passes?: readonly string[] | undefined
}

export interface Intake {
  readonly layout: Layout
  /** Kinds of tokens of a record. */
  readonly kinds: number
  readonly store: Similarities
  /** Normalises, encodes and stores a record as written. @returns its tokens */
  take(traits: Traits): Int32Array
  /** Stores a record that is encoded already. @returns its tokens */
  put(record: EncodedRecord): Int32Array
}

/** @returns the encoding of a record as written: what `deidentify` will do */
export function encoding({ traits, dates, passes }: Form) {
  const encoder = recordEncoder(comparedTraits(traits), SECRET, ({ name }) => passes?.includes(name) ?? true)
  return { ...encoder, encodeWritten: (written: Traits) => encoder.encode(normaliseTraits(written, dates)) }
}

export function intake(form: Form, plain: boolean): Intake {
  const { layout, kinds, encode, encodeWritten } = encoding(form)
  if (plain) {
    const store = plainStore(layout)
    return {
      layout,
      kinds: kinds.length,
      store,
      take(written) {
        const normal = normaliseTraits(written, form.dates)
        store.add(normal)
        return encode(normal).tokens
      },
      put() {
        throw new RangeError('an encoded record has no plain values')
      },
    }
  }
  const store = filterStore(layout)
  const put = (record: EncodedRecord) => {
    store.add(record)
    return record.tokens
  }
  return { layout, kinds: kinds.length, store, put, take: (written) => put(encodeWritten(written)) }
}
