import { expect, test } from 'vitest'
import {
  informationOf,
  leastDiscriminating,
  type Named,
  stepsOf,
} from '../../../../services/extract/external/dropping.ts'

const named = (name: string): Named => ({ name, feed: name.split('.')[0] ?? '' })
const all = ['patient.sex', 'patient.birth_month', 'encounter.started_at', 'encounter.ended_at'].map(named)

/** Two persons agree: on the sex one in 2, on the month one in 1,000; on a day of admission one in 500, and of discharge, too, of which the admission tells most. */
const SHARES: Readonly<Record<string, number>> = {
  'patient.sex': 1 / 2,
  'patient.birth_month': 1 / 1000,
  'patient.sex patient.birth_month': 1 / 2000,
  'encounter.started_at': 1 / 500,
  'encounter.ended_at': 1 / 500,
  'encounter.started_at encounter.ended_at': 1 / 600,
}
const asked: string[] = []
const agreement = async (own: readonly Named[]) => {
  const key = own.map(({ name }) => name).join(' ')
  asked.push(key)
  return SHARES[key] ?? 1
}

test('information is in bits, and feeds are independent of each other', async () => {
  expect(await informationOf(all, agreement)).toBeCloseTo(Math.log2(2000 * 600))
  expect(await informationOf([], agreement)).toBe(0)
})

test('the criterion goes that the others tell already: not the one that is rarest by itself', async () => {
  expect((await leastDiscriminating(all, agreement))?.name).toBe('encounter.ended_at')
  const steps = await stepsOf(all, 2, agreement)
  expect(steps.map((own) => own.map(({ name }) => name))).toEqual([
    ['patient.sex', 'patient.birth_month', 'encounter.started_at', 'encounter.ended_at'],
    ['patient.sex', 'patient.birth_month', 'encounter.started_at'],
    ['patient.birth_month', 'encounter.started_at'],
  ])
  expect(asked.every((key) => new Set(key.split(' ').map((name) => name.split('.')[0])).size === 1)).toBe(true)
})

test('of equal ones the last goes, and the declared minimum stays', async () => {
  const same = ['a.x', 'b.x', 'c.x'].map(named)
  const steps = await stepsOf(same, 2, async () => 0.1)
  expect(steps.map((own) => own.length)).toEqual([3, 2])
  expect(steps[1]?.map(({ name }) => name)).toEqual(['a.x', 'b.x'])
  expect(await stepsOf(same, 9, async () => 0.1)).toEqual([same])
})
