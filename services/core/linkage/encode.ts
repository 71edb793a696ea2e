/** Encodes the identity traits of a record: filters and tokens, and nothing else of the traits. */
import { encodingWraps } from './encoding-wrap.ts'
import { filterMaker } from './filters.ts'
import { type Layout, layoutOf } from './layout.ts'
import { NEWBORN } from './normalise-traits.ts'
import { type TokenKind, tokenKinds, tokenMaker } from './tokens.ts'
import type { Trait, Traits } from './traits.ts'

export interface EncodedRecord {
  /** The filters of all fields, `layout.words` words; a missing value has no bit. */
  readonly filters: Int32Array
  /** Two words for each kind of token; both 0 when there is none. */
  readonly tokens: Int32Array
  /** A newborn whose name is not given yet. */
  readonly newborn: boolean
}

export interface RecordEncoder {
  /** Of the encodings (encoding-wrap.ts). */
  readonly version: number
  readonly layout: Layout
  readonly kinds: readonly TokenKind[]
  /** @param traits normal forms */
  readonly encode: (traits: Traits) => EncodedRecord
}

/**
 * @param traits that the records of this installation have, of `comparedTraits`
 * @param secret of the encodings, 32 bytes or more
 * @param wanted kinds of tokens that are made; all by default
 * @param wraps secrets that lead encodings to the version in force; none by default: it is the first
 */
export function recordEncoder(
  traits: ReadonlySet<Trait>,
  secret: Buffer,
  wanted: (kind: TokenKind) => boolean = () => true,
  wraps: ReadonlyMap<number, Buffer> = new Map(),
): RecordEncoder {
  const layout = layoutOf(traits)
  const kinds = tokenKinds(traits).filter(wanted)
  const { version, liftFilter, liftTokens } = encodingWraps(layout, wraps)
  const putFilter = filterMaker(layout, secret, liftFilter)
  const putTokens = tokenMaker(kinds, secret)
  return {
    version,
    layout,
    kinds,
    encode(record) {
      const filters = new Int32Array(layout.words)
      for (const [at, { trait }] of layout.fields.entries()) {
        const value = record[trait]
        if (value !== undefined && value !== NEWBORN) putFilter(filters, at, value)
      }
      const tokens = new Int32Array(2 * kinds.length)
      putTokens(tokens, record)
      return { filters, tokens: liftTokens(tokens, 1), newborn: record.given_name === NEWBORN }
    },
  }
}

/** @returns the traits that are compared when a source has the given ones: normal forms also split given names and streets */
export function comparedTraits(written: ReadonlySet<Trait>): ReadonlySet<Trait> {
  const compared = new Set(written)
  if (compared.has('given_name')) compared.add('middle_name')
  if (compared.has('street')) compared.add('street_number')
  if (compared.has('birth_name')) compared.add('family_name')
  return compared
}
