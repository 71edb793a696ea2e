/** The state of a record, from what the warehouse has at its place. */
import { expect, test } from 'vitest'
import { versionOf } from '../../../../services/curate/load/rows.ts'
import type { AcceptedRecord } from '../../../../services/gateway/receipts/page.ts'
import { keyOf } from '../../../../services/gateway/receipts/places.ts'
import { type Known, stampOf, stateOf } from '../../../../services/gateway/receipts/states.ts'

const STAMP = 1_700_000_000_000_000
const at = { feed: 'observation', topicId: 'a'.repeat(22), partition: 3, offset: 41n }
const record: AcceptedRecord = {
  kind: 'accepted',
  index: 7,
  feed: 'observation',
  at,
  first: BigInt(STAMP),
  last: BigInt(STAMP + 10),
}
const key = keyOf(at)
const version = (of: number, stamp = STAMP + 5) => BigInt(versionOf(of, stamp, 3, 41n))

const state = (known: Partial<Known>, of = record) =>
  stateOf(of, { loaded: new Map(), quarantined: new Map(), newest: new Map(), tileOf: () => undefined, ...known })
const loaded = (of = version(1)) => new Map([[key, { record: 'r', version: of }]])
const newest = (of: bigint, deleted = false) => new Map([['r', { version: of, deleted }]])
const quarantined = (fault: string, stamp: bigint | undefined = BigInt(STAMP)) =>
  new Map([[key, { fault, rule: 'a-rule', pointer: '/code', stamp }]])

test('the stamp is read from a version as curate writes it, for any version of the record', () => {
  for (const of of [-1, 0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) expect(stampOf(version(of, STAMP))).toBe(BigInt(STAMP))
})

test('accepted until a table or a tile has its place', () => {
  expect(state({})).toEqual({ state: 'accepted' })
  expect(state({ tileOf: () => 'settled' })).toEqual({ state: 'loaded' })
  expect(state({ tileOf: () => 'lost' })).toEqual({ state: 'lost' })
})

test('loaded while its version is in force, then replaced or cancelled', () => {
  expect(state({ loaded: loaded() })).toEqual({ state: 'loaded' })
  expect(state({ loaded: loaded(), newest: newest(version(1)) })).toEqual({ state: 'loaded' })
  expect(state({ loaded: loaded(), newest: newest(version(2)) })).toEqual({ state: 'replaced' })
  expect(state({ loaded: loaded(), newest: newest(version(1, STAMP + 900)) })).toEqual({ state: 'replaced' })
  expect(state({ loaded: loaded(), newest: newest(version(2), true) })).toEqual({ state: 'cancelled' })
})

test('rejected by a rule, or quarantined for a fault, with rule and field', () => {
  const why = { rule: 'a-rule', pointer: '/code' }
  expect(state({ quarantined: quarantined('rule-rejected') })).toEqual({ state: 'rejected', ...why })
  expect(state({ quarantined: quarantined('guard') })).toEqual({ state: 'quarantined', ...why })
  // The time of a message that nobody could read is not its stamp.
  expect(state({ quarantined: quarantined('undecodable', undefined) })).toEqual({ state: 'quarantined', ...why })
})

test('unknown where the place is not known, or is of another record: the log was truncated', () => {
  expect(state({ loaded: loaded() }, { ...record, at: undefined })).toEqual({ state: 'unknown' })
  expect(state({ loaded: loaded(version(1, STAMP + 11)) })).toEqual({ state: 'unknown' })
  expect(state({ quarantined: quarantined('guard', BigInt(STAMP - 1)) })).toEqual({ state: 'unknown' })
})
