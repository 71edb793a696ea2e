import { expect, test } from 'vitest'
import { knownRecords } from '../../../../services/linker/index/known-records.ts'

const idOf = (n: number) => {
  const id = Buffer.alloc(12)
  // The first word, which chooses the slot, is that of eight records.
  id.writeUInt32LE(Math.imul(n % 1000, 0x9e3779b1) >>> 0, 0)
  id.writeUInt32LE(n, 8)
  return id
}
const head = (version: number, stamp: number, isCancelled = false) => ({
  ...{ version, stamp, source: 1, producer: 7, isCancelled, bytes: 30 },
})

test('a record is found by its id, also where others begin with the same word', () => {
  const known = knownRecords()
  for (let n = 0; n < 8000; n++) {
    expect(known.find(idOf(n))).toBeUndefined()
    known.set(n, idOf(n), head(n, 0))
  }
  for (const n of [0, 1, 4999, 7999]) expect(known.find(idOf(n))).toBe(n)
  expect(known.size).toBe(8000)
  expect(known.find(idOf(8001))).toBeUndefined()
})

test('between equal versions the stamp decides; a later version is written over the earlier one', () => {
  const known = knownRecords()
  known.set(0, idOf(0), head(5, 7))
  const order = (version: number, stamp: number) => Math.sign(known.compareVersion({ version, stamp }, 0))
  expect([order(4, 9), order(5, 6), order(5, 7), order(5, 8), order(6, 0)]).toEqual([-1, -1, 0, 1, 1])
  expect([known.isCancelled(0), known.sourceOf(0)]).toEqual([false, 1])
  known.set(0, idOf(0), head(6, 0, true))
  expect([known.isCancelled(0), known.size, order(6, 0)]).toEqual([true, 1, 0])
})
