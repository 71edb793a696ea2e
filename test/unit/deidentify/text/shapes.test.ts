/** Layer 1: what has a form of its own, and what only looks like it. */
import { describe, expect, test } from 'vitest'
import { found } from './example.ts'

const shapes = (text: string, language: 'fr' | 'en' = 'fr') => found(text, language, ['shapes'])

describe('dates', () => {
  test.each([
    '13/09/2020',
    '3/4/19',
    '28.09.2012',
    '2020-09-13',
    '13 / 03 | 2020',
    '1er février 2014',
    '28 mars 19',
    '05nov2012',
    '22|8|1923',
    'deux janvier mille neuf cent soixante dix huit',
    'vingt-six 02 2012',
    'vingt quatre aout deux mille dix-sept',
    'septembre 2011',
    '0 7 0 8 1 9 8 3',
    '03/2015',
  ])('%s is a date', (date) => {
    expect(shapes(`vu le ${date} à Paris`)).toEqual([`date: ${date}`])
  })

  test.each([
    '03/14/2019',
    '3-14-19',
    'March 14, 2019',
    'Mar 14',
    '14 March 2019',
    'the third of May 2012',
    '14-Mar-2019',
    'April 2015',
  ])('%s is an English date', (date) => {
    const value = date.replace('the ', '')
    expect(shapes(`seen ${date} for a cough`, 'en')).toEqual([`date: ${value}`])
  })

  test.each(['TA 13/8', 'ratio 1.2', 'EVA 3/10', 'Hb 12,5 g/dl', '75 mg x 2', '10^6'])(
    '%s is none for certain',
    (text) => {
      expect(found(text, 'fr')).toEqual([])
    },
  )

  test('the date of a law stays', () => {
    expect(shapes('Loi du 4 mars 2002 et Décret n° 2016-994 du 20 juillet 2016')).toEqual([])
  })
})

describe('numbers', () => {
  test.each([
    ['2 79 03 51 215 189 89', 'nir'],
    ['279035121518989', 'nir'],
    ['1 85 05 2A 123 456 20', 'nir'],
    ['2 1 5 6 3 7 9 3 2 3 1 3 4 6 0', 'nir'],
    ['06 12 34 56 78', 'phone'],
    ['06.12.34.56.78', 'phone'],
    ['+33 6 12 34 56 78', 'phone'],
    ['01 2048 3632', 'phone'],
    ['O1.42.15.93.30', 'phone'],
    ['(33) 02.29.18.05.95', 'phone'],
    ['192.168.1.12', 'ip'],
    ['1.2.840.113619.2.55.3', 'device'],
    ['10003456780', 'rpps'],
  ])('%s is of kind %s', (value, kind) => {
    const text = kind === 'rpps' ? `RPPS ${value}` : `n ${value} .`
    expect(found(text, 'fr', ['shapes', 'context'])).toEqual([`${kind}: ${value}`])
  })

  test.each([
    ['219-09-4471', 'ssn'],
    ['(617) 555-0148', 'phone'],
    ['617.555.0148', 'phone'],
    ['4539 1488 0343 6467', 'account'],
    ['GB82 WEST 1234 5698 7654 32', 'account'],
  ])('%s is of kind %s in English', (value, kind) => {
    expect(shapes(`it is ${value}.`, 'en')).toEqual([`${kind}: ${value}`])
  })

  test('an account number with a wrong check digit is not certain', () => {
    expect(shapes('it is GB83 WEST 1234 5698 7654 32.', 'en').filter((one) => one.startsWith('account'))).toEqual([])
  })

  test('only ages over 89 are found', () => {
    expect([
      shapes('92 ans'),
      shapes('89 ans'),
      shapes('a 94-year-old man', 'en'),
      shapes('a 64-year-old man', 'en'),
    ]).toEqual([['age_over_89: 92'], [], ['age_over_89: 94'], []])
  })
})

test('contacts', () => {
  expect(shapes('écrire à jean.dupont@aphp.fr ou www.exemple.fr.')).toEqual([
    'email: jean.dupont@aphp.fr',
    'url: www.exemple.fr',
  ])
})
