/** What the index stores under other keys: the same to who has the new ones, and nothing to who has the former ones. */
import { expect, it } from 'vitest'
import { recordEncoder } from '#core/linkage/encode.ts'
import { encodingWrap, encodingWraps, newWrapSecret } from '#core/linkage/encoding-wrap.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { noChanges } from '../../../../services/linker/index/changes.ts'
import { codec, idOf, packCancelled, packHead, readHead, tokensOf } from '../../../../services/linker/index/codec.ts'
import { indexKeys, tokenKeyOf } from '../../../../services/linker/index/keys.ts'
import { openDecision, sealDecision } from '../../../../services/linker/link/decision-seal.ts'
import { openFrequencies, sealFrequencies } from '../../../../services/linker/link/sealed-frequencies.ts'
import { movedDecision, movedRecord, movedWrites } from '../../../../services/linker/rotate/moved.ts'
import { movedFrequencies } from '../../../../services/linker/rotate/moved-frequencies.ts'

const SECRET = Buffer.alloc(32, 1)
const from = indexKeys(SECRET)
const encoder = recordEncoder(new Set(['given_name', 'family_name', 'birth_date', 'postcode']), Buffer.alloc(32, 3))
const { layout } = encoder
const records = codec(layout)
const secret = newWrapSecret(tokenKeyOf(SECRET))
const wraps = encodingWraps(layout, new Map([[2, secret]]))
const { lift } = wraps
const to = indexKeys(Buffer.alloc(32, 2), wraps)
const frequencies = movedFrequencies(undefined, { from, to, layout })
const move = { from, to, codec: records, wrap: encodingWrap(layout, secret), frequencies }
const broken = expect.objectContaining({ code: 'seal-broken' })

const encoded = encoder.encode({ given_name: 'ELODIE', family_name: 'MARTIN', birth_date: '19790102' })
const about = { id: 'patient/p1_x', label: 'p1_of', pair: 'p1_pair', newborn: encoded.newborn }
const head = packHead(
  { version: 3, stamp: 17 },
  { source: 1, producer: from.producer('chu') },
  from.id(about.id),
  from.tokens(encoded.tokens),
)
const stored = from.seal(head, records.pack({ ...about, filters: encoded.filters }))

it('a record is what a linker of the new keys would have written', () => {
  const moved = movedRecord(stored, move)
  const of = readHead(moved)
  expect(of).toEqual({ ...readHead(stored), producer: to.producer('chu') })
  expect(to.producer('chu')).not.toBe(from.producer('chu'))
  expect(idOf(moved)).toEqual(to.id(about.id))
  const lifted = lift(encoded, 1)
  expect(tokensOf(moved)).toEqual(to.tokens(lifted.tokens))
  expect(records.unpack(to.open(moved, of.bytes))).toEqual({ ...about, filters: lifted.filters })
})

it('the former key opens nothing of it, and no 8 bytes of it are the same but its version', () => {
  const moved = movedRecord(stored, move)
  expect(() => from.open(moved, readHead(moved).bytes)).toThrow(broken)
  for (let at = 18; at + 8 <= stored.length; at++)
    expect(moved.includes(stored.subarray(at, at + 8)), String(at)).toBe(false)
})

it('a cancelled record keeps id and label; one without, of which the index has a hash alone, is refused', () => {
  const cancelled = packCancelled({ version: 4, stamp: 1 }, from.id(about.id))
  const noFilters = new Int32Array(layout.words)
  const { id, label } = about
  const moved = movedRecord(from.seal(cancelled, records.pack({ id, label, newborn: false, filters: noFilters })), move)
  const of = readHead(moved)
  expect([of.isCancelled, idOf(moved)]).toEqual([true, to.id(id)])
  expect(records.unpack(to.open(moved, of.bytes))).toMatchObject({ id, label, filters: noFilters })
  expect(() => movedRecord(cancelled, move)).toThrow(RangeError)
})

it('one that was changed is not moved', () => {
  const changed = Buffer.from(stored)
  changed[0] = (changed[0] as number) ^ 1
  expect(() => movedRecord(changed, move)).toThrow(broken)
})

it('a decision is found under the new ids, and is the same', () => {
  const decision = { records: ['b', 'a'] as const, decision: 'never' as const, order: 5 }
  const [ids, sealed] = movedDecision(sealDecision(from, decision), move)
  const expected = ['a', 'b'].map((id) => to.id(id)).toSorted((a, b) => Buffer.compare(a, b))
  expect(ids).toBe(Buffer.concat(expected).toString('latin1'))
  expect(openDecision(to, sealed)).toEqual(decision)
  expect(() => openDecision(from, sealed)).toThrow(broken)
})

it('values are as frequent as they were; one that no record has any more is left out', () => {
  const at = layout.fields.findIndex(({ trait }) => trait === 'family_name')
  const fingerprintOf = (filters: Int32Array) => {
    const store = filterStore(layout)
    return store.fingerprint(store.add({ filters, newborn: false }), at)
  }
  const known = { chance: 0.01, rare: 0.001 }
  const counted = {
    records: 1500,
    frequencies: {
      family_name: {
        ...known,
        frequent: [
          [fingerprintOf(encoded.filters), 0.03],
          [77, 0.02],
        ] as const,
      },
    },
  }
  const sealed = sealFrequencies(from, counted)
  const moving = { ...move, frequencies: movedFrequencies(sealed, { from, to, layout }) }
  const writes = { ...noChanges(), size: 1, edges: new Map(), persons: new Map(), untold: new Map() }
  const nothing = { ...writes, limited: new Map(), split: new Map() }
  expect(movedWrites({ ...nothing, records: new Map([[0, stored]]) }, moving).frequencies).toBeUndefined()
  const moved = movedWrites({ ...nothing, frequencies: sealed }, moving).frequencies
  const frequent = [[fingerprintOf(lift(encoded, 1).filters), 0.03]]
  expect(frequent[0]?.[0]).not.toBe(fingerprintOf(encoded.filters))
  expect(openFrequencies(to, moved)).toEqual({ records: 1500, frequencies: { family_name: { ...known, frequent } } })
  expect(() => openFrequencies(from, moved)).toThrow(broken)
})
