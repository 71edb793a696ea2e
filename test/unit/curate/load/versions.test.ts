/** Which record is in force: the order that the column `_version` gives, whatever the order of arrival. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { rowBuilder, versionOf } from '../../../../services/curate/load/rows.ts'

const diagnosis = loadContracts('schemas/feeds').find(({ feed }) => feed === 'diagnosis') as FeedContract
const rows = rowBuilder(diagnosis, pseudonymiser(2, randomBytes(32)))
const column = (name: string) => rows.columns.indexOf(name)

interface Arrival {
  readonly version: number
  /** Microseconds since 1970. */
  readonly receivedAt: number
  readonly partition: number
  readonly offset: bigint
  readonly operation?: 'upsert' | 'cancel'
}

function arrive({ version, receivedAt, partition, offset, operation = 'upsert' }: Arrival) {
  const record = { record_id: 'p1_r', record_version: version, operation, patient_id: 'p1_p', _producer: 'h' }
  const row = rows.row({ ...record, _received_at: receivedAt }, [], { incarnation: 'i', partition }, offset)
  return { version: BigInt(String(row[column('_version')])), deleted: row[column('_deleted')] }
}

const NOW = Date.UTC(2026, 0, 1) * 1000
const arrival = fc.record({
  version: fc.nat(3),
  receivedAt: fc.nat(1000).map((later) => NOW + later),
  partition: fc.nat(63),
  offset: fc.bigInt({ min: 0n, max: 2n ** 40n }),
})

test('of two records with the same version the one that was received later is in force, in any partition', () => {
  fc.assert(
    fc.property(arrival, arrival, (first, second) => {
      fc.pre(first.receivedAt !== second.receivedAt)
      const later =
        first.version === second.version ? first.receivedAt > second.receivedAt : first.version > second.version
      expect(arrive(first).version > arrive(second).version).toBe(later)
    }),
  )
})

test('a correction that went to another partition, or to a topic that was created again, has a low offset and wins', () => {
  const wrong = arrive({ version: 0, receivedAt: NOW, partition: 3, offset: 4_000_000n })
  const correction = arrive({ version: 0, receivedAt: NOW + 60_000_000, partition: 5, offset: 2n })
  expect(correction.version > wrong.version).toBe(true)
})

test('a record that Kafka stores late, behind its correction, loses: its stamp is of its receipt', () => {
  const correction = arrive({ version: 0, receivedAt: NOW + 20_000_000, partition: 3, offset: 100n })
  const late = arrive({ version: 0, receivedAt: NOW, partition: 3, offset: 101n })
  expect(correction.version > late.version).toBe(true)
})

test('a cancel with the version of what it cancels is in force when it was received later', () => {
  const upsert = arrive({ version: 4, receivedAt: NOW, partition: 1, offset: 9n })
  const cancel = arrive({ version: 4, receivedAt: NOW + 1, partition: 0, offset: 1n, operation: 'cancel' })
  expect(cancel.version > upsert.version).toBe(true)
  expect([upsert.deleted, cancel.deleted]).toEqual([0, 1])
})

test('two gateways that give the same stamp: partition and offset decide, and never the order of arrival', () => {
  const of = (partition: number, offset: bigint) => versionOf(1, NOW, partition, offset)
  expect(of(3, 17n)).toBe(of(3, 17n))
  expect(new Set([of(3, 17n), of(3, 18n), of(4, 17n), of(5, 16n)]).size).toBe(4)
  // The tie-breaker is below the stamp: it decides nothing else.
  fc.assert(
    fc.property(fc.nat(1000), fc.bigInt({ min: 0n, max: 2n ** 62n }), (partition, offset) => {
      expect(BigInt(of(partition, offset)) < BigInt(versionOf(1, NOW + 1, 0, 0n))).toBe(true)
      expect(BigInt(versionOf(0, 2 ** 53 - 1, partition, offset)) < BigInt(versionOf(1, 0, 0, 0n))).toBe(true)
    }),
  )
})

test('versions fit the column: none is negative, and the highest has 128 bits', () => {
  expect(versionOf(-3, NOW, 1, 7n)).toBe(versionOf(0, NOW, 1, 7n))
  expect(BigInt(versionOf(0, -1, 0, 0n))).toBeGreaterThanOrEqual(0n)
  expect(BigInt(versionOf(2 ** 53 - 1, 2 ** 53 - 1, 1000, 2n ** 63n)) < 1n << 128n).toBe(true)
})
