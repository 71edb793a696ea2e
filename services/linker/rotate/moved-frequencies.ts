/** How frequent values are in an index that moves to other keys: the same shares, of the values as the other index has them. */
import type { Layout } from '#core/linkage/layout.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import type { Trait } from '#core/linkage/traits.ts'
import type { IndexKeys } from '../index/keys.ts'
import { openFrequencies, sealFrequencies } from '../link/sealed-frequencies.ts'

export interface MovedFrequencies {
  /** A record's filters, as they were and as they are. */
  see(before: Int32Array, after: Int32Array): void
  /** After all records were seen. A value that none has any more is left out. @returns undefined where none were counted */
  sealed(): Buffer | undefined
}

/** @param sealed of the former index @throws ChainonError seal-broken */
export function movedFrequencies(
  sealed: Buffer | undefined,
  {
    from,
    to,
    layout,
  }: { readonly from: Pick<IndexKeys, 'open'>; readonly to: Pick<IndexKeys, 'seal'>; readonly layout: Layout },
): MovedFrequencies {
  const counted = openFrequencies(from, sealed)
  const shares = layout.fields.map(({ trait }) => new Map(counted.frequencies[trait]?.frequent))
  const moved = layout.fields.map(() => new Map<number, number>())
  const records = filterStore(layout)
  const none = { filters: new Int32Array(layout.words), newborn: false }
  const [was, is] = [records.add(none), records.add(none)]

  return {
    see(before, after) {
      if (!sealed) return
      records.replace(was, { filters: before, newborn: false })
      records.replace(is, { filters: after, newborn: false })
      for (const [at, own] of shares.entries()) {
        const share = own.get(records.fingerprint(was, at))
        if (share !== undefined) moved[at]?.set(records.fingerprint(is, at), share)
      }
    },
    sealed() {
      if (!sealed) return undefined
      const frequencies = Object.fromEntries(
        layout.fields.flatMap(({ trait }, at) => {
          const known = counted.frequencies[trait as Trait]
          return known ? [[trait, { ...known, frequent: [...(moved[at] ?? [])] }]] : []
        }),
      )
      return sealFrequencies(to, { records: counted.records, frequencies })
    },
  }
}
