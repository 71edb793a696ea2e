/**
 * Chapter 6: the ledger.
 *
 * The ledger shows at any time that no record is lost and no record is loaded twice. A record's origin is its partition and offset in
 * `identified.<feed>`, and the incarnation of that topic: offsets begin again at 0 in a topic that is created again. Origins are dense, so two numbers are enough to count them. Each origin has exactly one outcome: loaded, rejected
 * by a rule, or quarantined. accepted = loaded + rejected + quarantined + in flight.
 */
import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { HEADER_INCARNATION, HEADER_ORIGIN_OFFSET } from '#core/kafka/headers.ts'
import { reconcile } from '#core/ledger/reconcile.ts'
import { isBalanced } from '#core/ledger/row.ts'
import { formatProgress, parseProgress } from '../../services/curate/load/intent.ts'
import { orderByOrigin } from '../../services/curate/load/order.ts'
import { versionOf } from '../../services/curate/load/rows.ts'

const TOPIC = 'A'.repeat(22)
const LOG = 'B'.repeat(22)

/** A message of `pseudonymised.<feed>`: deidentify writes one for each origin, with the origin in its header. */
function message(origin: number, offset: number): KafkaMessage {
  return {
    offset: String(offset),
    key: null,
    value: null,
    timestamp: '0',
    attributes: 0,
    headers: { [HEADER_ORIGIN_OFFSET]: Buffer.from(String(origin)), [HEADER_INCARNATION]: Buffer.from(TOPIC) },
  }
}
const log = (...origins: number[]) => origins.map(message)

test('one comparison with the high-water mark distinguishes the next record, a replay and a gap', () => {
  // All origins up to 4 are loaded. 5 and 6 are next; 5 is repeated, because deidentify crashed; then 7.
  expect(orderByOrigin(log(5, 6, 5, 7), () => 4n)).toMatchObject({ replayed: 1, hwm: 7n })
  // 8 is missing: the partition stops there, and no later message is loaded.
  const { messages, gap, read } = orderByOrigin(log(6, 7, 9, 10), () => 5n)
  expect(messages.map(({ origin }) => origin)).toEqual([6n, 7n])
  expect(gap).toEqual({ expected: 8n, found: 9n })
  expect(read).toBe(2)
})

test('an intent is committed before every insert, in the metadata of the offset', () => {
  // All origins up to 41 are loaded, and a batch up to log offset 120 and origin 59 is in progress.
  const intent = { to: 120n, originTo: 60n, layout: 'contract-1', attempt: '', deadline: 1_800_000_000_000 }
  const before = { logIncarnation: LOG, incarnation: TOPIC, hwm: 41n }
  const metadata = formatProgress({ ...before, intent })
  // The worker that owns the partition next forms exactly that range again. ClickHouse drops the blocks whose tokens it already has.
  expect(parseProgress(metadata)).toEqual({ ...before, intent })
  // With another contract it could not: what the batch left is removed then, and its records are loaded again (load/recovery.ts).
  // After the inserts: all origins up to 90 are loaded, and no batch is in progress.
  const done = { logIncarnation: LOG, incarnation: TOPIC, hwm: 90n }
  expect(parseProgress(formatProgress(done))).toEqual(done)
})

test('each batch writes a tile; the tiles must cover the origins without a gap or an overlap', () => {
  const tile = (from: number, to: number, rejected = 0, quarantined = 0) => ({
    from,
    to,
    loaded: to - from - rejected - quarantined,
    rejected,
    quarantined,
    lost: 0,
  })
  const exact = reconcile('observation', 0, 100, [tile(0, 40, 2), tile(40, 90, 0, 3)])
  expect(exact).toMatchObject({
    accepted: 100,
    loaded: 85,
    rejected: 2,
    quarantined: 3,
    lost: 0,
    in_flight: 10,
    gaps: 0,
    overlaps: 0,
  })
  expect(exact.accepted).toBe(exact.loaded + exact.rejected + exact.quarantined + exact.in_flight)

  expect(reconcile('observation', 0, 100, [tile(0, 40), tile(45, 100)])).toMatchObject({ gaps: 5, overlaps: 0 })
  expect(reconcile('observation', 0, 100, [tile(0, 60), tile(40, 100)])).toMatchObject({ gaps: 0, overlaps: 20 })
  // A batch with ten origins and nine outcomes has lost one record.
  expect(reconcile('observation', 0, 10, [{ ...tile(0, 10), loaded: 9 }])).toMatchObject({ gaps: 1 })
  // `chainon ledger` exits with 1 when this is false.
  expect(isBalanced([exact])).toBe(true)
})

test('the highest version of a record is the current one, in any order of arrival', () => {
  // The record's version in the upper bits, the stamp of its receipt in the lower: one number to compare. Partition and offset do not count.
  const receivedAt = Date.UTC(2026, 0, 31) * 1000
  const arrived = [
    { what: 'second', version: BigInt(versionOf(2, receivedAt + 1, 0, 9000n)) },
    { what: 'first', version: BigInt(versionOf(1, receivedAt, 0, 8000n)) },
    { what: 'second, sent again', version: BigInt(versionOf(2, receivedAt + 2, 3, 5n)) },
  ]
  const current = arrived.reduce((best, one) => (one.version > best.version ? one : best))
  expect(current.what).toBe('second, sent again')
})
