import { expect, test } from 'vitest'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { isLinked, isRecord, storedName } from '../../../../services/curate/decide/given-record.ts'

const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const level2 = pseudonymiser(2, Buffer.alloc(32, 2))

test('a record named as by the linker has the name of the warehouse; one of the warehouse keeps its own, under any key', () => {
  const first = level1.pseudonym('record', 'a record')
  const second = level2.pseudonym('record', first)
  expect(storedName(level2, `patient/${first}`)).toBe(second)
  for (const stored of [second, `${second}_k2`]) {
    expect(storedName(level2, stored)).toBe(stored)
    expect([isRecord(stored), isLinked(stored)]).toEqual([true, false])
  }
  expect([isRecord(`patient/${first}`), isLinked(`patient/${first}`)]).toEqual([true, true])
})

test('a name of a person, a pseudonym without its feed, and one of the wrong level are no record', () => {
  const first = level1.pseudonym('record', 'a record')
  const second = level2.pseudonym('record', first)
  for (const given of [
    'Martin',
    first,
    `Patient/${first}`,
    `patient/${second}`,
    `patient/${first}x`,
    `patient/${first}\n`,
    '',
  ])
    expect(isRecord(given), given).toBe(false)
})
