/**
 * Bloom filters of values (R. Schnell, T. Bachteler, J. Reiher, BMC Medical Informatics and Decision Making 9:41, 2009): each feature
 * sets k bits, which HMAC-SHA-256 chooses. A name-list attack reads most names of such filters: they are identifying, and protected
 * by custody (docs/adr/0024, docs/security/linkage-attacks.md).
 */
import { deriveKey, hmacSha256 } from '../crypto/hmac.ts'
import { createLru } from '../crypto/lru.ts'
import { featuresOf } from './features.ts'
import type { Field, Layout } from './layout.ts'

/** Values of a trait repeat (names, towns, birth dates): making a filter costs some 30 times as much as finding it. */
const CACHED_VALUES = 100_000
const CACHED_FEATURES = 50_000

/** Sets the bits of a value, normal form and not empty, in the filters of a record, of the layout's length. */
export type PutFilter = (filters: Int32Array, field: number, value: string) => void

/** @param secret of the encodings, 32 bytes or more @param lift leads a filter to the version in force (encoding-wrap.ts) */
export function filterMaker(
  layout: Layout,
  secret: Buffer,
  lift: (field: number, filter: Int32Array) => Int32Array,
): PutFilter {
  const makers = layout.fields.map((field, at) => fieldFilter(field, secret, (filter) => lift(at, filter)))
  return function putFilter(filters, field, value) {
    const { offset } = layout.fields[field] as Field
    const made = makers[field]?.(value)
    if (made) filters.set(made, offset)
  }
}

function fieldFilter(
  field: Field,
  secret: Buffer,
  lift: (filter: Int32Array) => Int32Array,
): (value: string) => Int32Array {
  const mac = hmacSha256(deriveKey(secret, `chainon/linkage/filter/1/${field.domain}/${field.bits}/${field.k}`))
  const values = createLru<Int32Array>(CACHED_VALUES)
  const features = createLru<Uint16Array>(CACHED_FEATURES)
  const positionsOf = (feature: string) => {
    let positions = features.get(feature)
    if (!positions) {
      // 32 bytes: 16 bits for each of at most 16 positions; the sizes are powers of two, so no position is more likely.
      const digest = mac.bytes(feature)
      positions = Uint16Array.from({ length: field.k }, (_, i) => digest.readUInt16LE(2 * i) % field.bits)
      features.set(feature, positions)
    }
    return positions
  }
  return function filterOf(value) {
    const known = values.get(value)
    if (known) return known
    const filter = new Int32Array(field.words)
    for (const feature of featuresOf(field.trait, value))
      for (const at of positionsOf(feature)) filter[at >>> 5] = (filter[at >>> 5] ?? 0) | (1 << (at & 31))
    const lifted = lift(filter)
    values.set(value, lifted)
    return lifted
  }
}
