import { expect, test } from 'vitest'
import { ChainonError } from '#core/faults/errors.ts'
import { dayOf } from '#core/sealing/day.ts'
import { SEALED_SCHEMA, type SealedRecord } from '#core/sealing/envelope.ts'
import { createSealer } from '../../../../services/gateway/seal/sealer.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'
import { openTestSeal, testDayKey } from '../../../helpers/sealed.ts'

const PLACE = { topic: 't', key: 'k' }
const NOW = Date.UTC(2026, 5, 1, 12)
const read = (value: Buffer) => decoderOf(SEALED_SCHEMA).decode(value)?.record as unknown as SealedRecord

test('one data key for each producer and day, under which no number comes twice', async () => {
  let now = NOW
  const sealer = createSealer({ keyOf: testDayKey }, encoderOf(SEALED_SCHEMA), () => now)
  const seal = async (producer: string) => read((await sealer.dataKey(producer)).seal(Buffer.from('value'), PLACE))
  const [first, second, other] = [await seal('a'), await seal('a'), await seal('b')]
  expect(first.day).toBe(dayOf(NOW))
  expect([first.n, second.n, other.n]).toEqual([0, 1, 0])
  expect(second.wrapped).toEqual(first.wrapped)
  expect(other.wrapped).not.toEqual(first.wrapped)
  now += 86_400_000
  const tomorrow = await seal('a')
  expect(tomorrow.day).toBe(first.day + 1)
  expect(tomorrow.wrapped).not.toEqual(first.wrapped)
  for (const record of [first, second, other, tomorrow])
    expect((await openTestSeal(record, PLACE)).toString()).toBe('value')
})

test('requests that come at once share a data key', async () => {
  const sealer = createSealer({ keyOf: testDayKey }, encoderOf(SEALED_SCHEMA), () => NOW)
  const keys = await Promise.all(Array.from({ length: 20 }, () => sealer.dataKey('a')))
  expect(new Set(keys).size).toBe(1)
})

test('a key that is not announced fails the request, and is asked for again by the next', async () => {
  let known = false
  const keyOf = async (day: number) => {
    if (!known) throw new ChainonError('dependency-unavailable', 'there is no sealing key')
    return testDayKey(day)
  }
  const sealer = createSealer({ keyOf }, encoderOf(SEALED_SCHEMA), () => NOW)
  await expect(sealer.dataKey('a')).rejects.toThrow('there is no sealing key')
  known = true
  expect(read((await sealer.dataKey('a')).seal(Buffer.from('v'), PLACE)).n).toBe(0)
})
