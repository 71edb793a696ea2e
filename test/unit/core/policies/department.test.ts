import { describe, expect, it } from 'vitest'
import { departmentOf } from '#core/policies/department.ts'

describe('departmentOf', () => {
  it.each(['00000', '96000', '00012'])('%s is in no department', (code) => expect(departmentOf(code)).toBeNull())

  it.each([
    ['75012', '75'],
    ['97400', '974'],
    ['97600', '976'],
    ['98800', '988'],
    ['99100', '99'],
    ['01000', '01'],
    ['95880', '95'],
    ['20090', '2A'],
    ['20600', '2B'],
    ['2a004', '2A'],
    ['20000', '2A'],
    ['20200', '2B'],
    ['2B033', '2B'],
    ['SW1A 1AA', null],
  ])('department of %s is %s', (code, department) => expect(departmentOf(code)).toBe(department))
})
