/** What the index stores, under other keys: records and decisions are opened and sealed again, ids and tokens hashed again. */
import type { EncodingWrap } from '#core/linkage/encoding-wrap.ts'
import { type Codec, movedHead, readHead, tokensOf } from '../index/codec.ts'
import type { IndexKeys } from '../index/keys.ts'
import type { Writes } from '../index/writes.ts'
import { openDecision, sealDecision } from '../link/decision-seal.ts'
import type { MovedFrequencies } from './moved-frequencies.ts'

export interface Move {
  readonly from: Pick<IndexKeys, 'open'>
  readonly to: IndexKeys
  readonly codec: Codec
  readonly wrap: EncodingWrap
  readonly frequencies: MovedFrequencies
}

const LATIN1 = 'latin1'

/**
 * @param stored a record
 * @returns it under the other keys
 * @throws ChainonError seal-broken when it was changed; RangeError of a cancelled record without a label, of which the index has the hash of its id alone
 */
export function movedRecord(stored: Buffer, { from, to, codec, wrap, frequencies }: Move): Buffer {
  const head = readHead(stored)
  if (stored.length === head.bytes) throw new RangeError('a cancelled record of the index has no id')
  const plain = codec.unpack(from.open(stored, head.bytes))
  const tokens = to.tokens(wrap.storedTokens(tokensOf(stored)))
  const moved = movedHead(stored.subarray(0, head.bytes), to.id(plain.id), wrap.producer(head.producer), tokens)
  const filters = wrap.filters(plain.filters)
  frequencies.see(plain.filters, filters)
  return to.seal(moved, codec.pack({ ...plain, filters }))
}

/** @returns as the index keeps it: the two ids, and the decision sealed */
export function movedDecision(sealed: Buffer, { from, to }: Pick<Move, 'from' | 'to'>): readonly [string, Buffer] {
  const decision = openDecision(from, sealed)
  const ids = decision.records.map((id) => to.id(id)).toSorted((a, b) => Buffer.compare(a, b))
  return [Buffer.concat(ids).toString(LATIN1), sealDecision(to, decision)]
}

/** @param writes those with the frequencies come last @returns the writes of the other index; what has no key in it stays */
export function movedWrites(writes: Writes, move: Move): Writes {
  return {
    ...writes,
    records: new Map(Array.from(writes.records, ([number, stored]) => [number, movedRecord(stored, move)])),
    decisions: new Map(Array.from(writes.decisions.values(), (sealed) => movedDecision(sealed, move))),
    frequencies: writes.frequencies && move.frequencies.sealed(),
  }
}
