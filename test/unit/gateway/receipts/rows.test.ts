/** A receipt is stored as rows and read as records: nothing of it is lost, and no name that a sender chose is in it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asRuleId } from '#core/contract/rule-id.ts'
import { newReceiptId, readReceiptId } from '#core/gateway-api/receipt-id.ts'
import type { AcceptedRun } from '../../../../services/gateway/ingest/batch.ts'
import { type Asked, type Page, pageOf, type StoredRow } from '../../../../services/gateway/receipts/page.ts'
import { type BatchOutcome, RECEIPT_COLUMNS, receiptLines } from '../../../../services/gateway/receipts/rows.ts'

const TOPIC_ID = 'b'.repeat(22)
const receipt = { number: '7', producer: 'chu', at: 1_700_000_000_500, expiresAt: 1_700_600_000_500 }
const settings = {
  topicId: (feed: string) => (feed === 'observation' ? TOPIC_ID : undefined),
  isField: (_feed: string, pointer: string) => pointer === '/code',
}
const rule = asRuleId('a-rule')
if (!rule) throw new Error('no rule')
const EMPTY: BatchOutcome = { runs: [], stamps: { first: 1, last: 2 }, errors: [], rejections: new Map() }
const run = (more: Partial<AcceptedRun> = {}): AcceptedRun => ({
  feed: 'observation',
  partition: 1,
  offset: 10n,
  indexes: [0, 2],
  recordHashes: [100, 102],
  ...more,
})
const error = (index: number, pointer = '/code') => ({ index, pointer, rule, detail: 'x' })

const lines = (batch: Partial<BatchOutcome>, resumed = false) =>
  receiptLines(receipt, { ...EMPTY, ...batch }, 'observation', resumed, settings)

/** As ClickHouse gives the rows back. */
function stored(of: readonly string[]): readonly StoredRow[] {
  return of.map((line) => {
    const row = Object.fromEntries((JSON.parse(line) as unknown[]).map((value, i) => [RECEIPT_COLUMNS[i], value]))
    return { ...row, from: row.from_offset, first: row.first_stamp, last: row.last_stamp } as unknown as StoredRow
  })
}
const page = (batch: Partial<BatchOutcome>, asked: Partial<Asked> = {}): Page =>
  pageOf(stored(lines(batch)), { from: 0, limit: 1000, ...asked })
const indexes = ({ records }: Page) => records.map(({ index }) => index)

describe('the name', () => {
  test('has its time, and is a number of 128 bits that grows with it', () => {
    const first = readReceiptId(newReceiptId(1_700_000_000_000))
    const second = readReceiptId(newReceiptId(1_700_000_000_001))
    expect([first?.at, second?.at]).toEqual([1_700_000_000_000, 1_700_000_000_001])
    expect(BigInt(second?.number ?? 0)).toBeGreaterThan(BigInt(first?.number ?? 0))
  })

  test('has one spelling', () => {
    const id = newReceiptId(1)
    const last = id.at(-1) ?? ''
    const others = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').filter(
      (one) => one !== last,
    )
    const read = others.filter((one) => readReceiptId(id.slice(0, -1) + one))
    // The last character has 2 bits of the name: three others name other receipts, the rest none.
    expect(read).toHaveLength(3)
    for (const text of ['', 'rcp_', `${id}A`, id.replace('rcp', 'rcq')]) expect(readReceiptId(text)).toBeUndefined()
  })
})

test('records come back by index with their places, for any runs', () => {
  const anyRun = fc.record({
    partition: fc.nat(20),
    offset: fc.bigInt(0n, 2n ** 60n),
    indexes: fc.array(fc.nat(50_000), { minLength: 1, maxLength: 30 }),
  })
  fc.assert(
    fc.property(fc.array(anyRun, { maxLength: 8 }), (runs) => {
      const all = runs.map((one) => run({ ...one, recordHashes: one.indexes.map((index) => index + 2 ** 47) }))
      const { accepted, records } = page({ runs: all })
      const expected = runs.flatMap((one) =>
        one.indexes.map((index, i) => `${index} ${one.partition} ${one.offset + BigInt(i)}`),
      )
      const found = records.map((one) =>
        one.kind === 'accepted' ? `${one.index} ${one.at?.partition} ${one.at?.offset}` : '',
      )
      expect([accepted, found.toSorted()]).toEqual([expected.length, expected.toSorted()])
      expect(indexes({ accepted, refused: 0, records, next: undefined })).toEqual(
        records.map(({ index }) => index).toSorted((a, b) => a - b),
      )
    }),
  )
})

test('a page ends with an index, and the next one begins after it', () => {
  const runs = [run({ indexes: [0, 1, 1, 1, 2, 9], recordHashes: [0, 0, 0, 0, 0, 0] })]
  const first = page({ runs }, { limit: 2 })
  expect([indexes(first), first.next]).toEqual([[0, 1, 1, 1], 2])
  const second = page({ runs }, { limit: 2, from: 2 })
  expect([indexes(second), second.next, second.accepted]).toEqual([[2, 9], undefined, 6])
  expect(indexes(page({ runs }, { index: 9 }))).toEqual([9])
})

test('a record is found by the hash of its id in its feed', () => {
  const hashIn = (feed: string) => (feed === 'observation' ? 102 : undefined)
  expect(indexes(page({ runs: [run()] }, { hashIn }))).toEqual([2])
  expect(page({ runs: [run({ feed: 'patient' })], errors: [error(5)] }, { hashIn }).records).toEqual([])
})

test('refused records have rule and field; a pointer to no field of the contract is a name of the sender', () => {
  const rejections = new Map([['x', { feed: 'observation', stage: 's', rule, count: 1_500 }]])
  const { refused, records } = page({ errors: [error(3), error(1), error(4, '/MARTIN')], rejections })
  expect(refused).toBe(1_500)
  expect(records.map((one) => one.kind === 'refused' && [one.index, one.rule, one.pointer])).toEqual([
    [1, 'a-rule', '/code'],
    [3, 'a-rule', '/code'],
    [4, 'a-rule', ''],
  ])
  expect(lines({ errors: [error(4, '/MARTIN')] }).join()).not.toContain('MARTIN')
  expect(lines({ errors: [error(3)], rejections }, true)).toEqual([])
})

test('a place that cannot be looked up is none', () => {
  for (const one of [run({ offset: undefined }), run({ feed: 'patient' })])
    expect(page({ runs: [one] }).records).toMatchObject([{ at: undefined }, { at: undefined }])
})

test('a record of a batch takes a few bytes, besides the hash of its id', () => {
  const count = 500
  const batch = run({
    indexes: Array.from({ length: count }, (_, i) => i * 8),
    recordHashes: Array(count).fill(2 ** 48 - 1),
  })
  // Before ClickHouse compresses it: an index of up to 5 characters, a hash of 15, and their commas.
  expect(lines({ runs: [batch] }).join('').length / count).toBeLessThan(23)
})
