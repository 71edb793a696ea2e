import { expect, test } from 'vitest'
import { detectDateFormat, normaliseBirthDate } from '../../../../services/core/linkage/birth-date.ts'
import { NEWBORN, normaliseTraits } from '../../../../services/core/linkage/normalise-traits.ts'
import type { Traits } from '../../../../services/core/linkage/traits.ts'

const normal = (traits: Traits) => normaliseTraits(traits, 'YYYY-MM-DD')

test.each([
  ['YYYYMMDD', '19850211'],
  ['YYYY-MM-DD', '1985-02-11'],
  ['DD/MM/YYYY', '11/02/1985'],
  ['MM/DD/YYYY', '2/11/1985'],
] as const)('a birth date in the form %s', (format, text) => {
  expect(normaliseBirthDate(text, format)).toBe('19850211')
})

test('a part of a birth date that is not known stays open, a mistyped date stays, a placeholder is missing', () => {
  expect(normaliseBirthDate('1985-00-00', 'YYYY-MM-DD')).toBe('1985????')
  expect(normaliseBirthDate('19581345', 'YYYYMMDD')).toBe('19581345')
  expect(normaliseBirthDate('1900-01-01', 'YYYY-MM-DD')).toBe('')
  expect(normaliseBirthDate('never', 'YYYY-MM-DD')).toBe('')
})

test('the format of a column of dates is found when it is not said', () => {
  expect(detectDateFormat(['12/31/1970', '01/02/1971'])).toBe('MM/DD/YYYY')
  expect(detectDateFormat(['31/12/1970', '01/02/1971'])).toBe('DD/MM/YYYY')
  expect(detectDateFormat(['19701231'])).toBe('YYYYMMDD')
})

test('a date that begins with its year is read, whatever the others of its column are', () => {
  expect(normaliseBirthDate('1985-02-11', 'YYYYMMDD')).toBe('19850211')
  expect(normaliseBirthDate('19850211', 'DD/MM/YYYY')).toBe('19850211')
  expect(normaliseBirthDate('1985/2/11 00:00:00', 'MM/DD/YYYY')).toBe('19850211')
  expect(normaliseBirthDate('11/02/1985', 'YYYYMMDD')).toBe('')
})

test.each(['NaN', 'null', 'N/A', 'unknown', 'None'])('%s is no code, number or town', (text) => {
  expect(normal({ postcode: text, street_number: text, national_id: text, city: text, region: text })).toEqual({})
})

test('a region of two letters is no unknown value', () => {
  expect(normal({ region: 'NC' })).toEqual({ region: 'NC' })
})

test('names: hyphens join, accents go, given names after the first are the middle name', () => {
  expect(normal({ given_name: 'Jean-Noël Marie Æ', family_name: "D'Artagnan de la Tour" })).toMatchObject({
    given_name: 'JEANNOEL',
    middle_name: 'MARIEAE',
    family_name: 'DARTAGNANDELATOUR',
  })
})

test.each(['X', 'xxx', 'Inconnu', 'UNKNOWN', '?', 'non renseigné'])('%s is no name', (text) => {
  expect(normal({ given_name: text, family_name: text })).toEqual({})
})

test.each([
  ...[
    'Bébé',
    'BEBE 1',
    'Nouveau-né',
    'baby girl',
    'Jumeau A',
    'garçon',
    'Boy of Marie',
    'Baby Boy',
    'twin B',
    'son of Anna',
  ],
  ...['fils de Marie', "Fille d'Anna", 'B/O Priya', 'Neugeborenes', 'recién nacido', 'hijo de Ana', 'Male Infant'],
])('%s is a newborn without a name', (text) => {
  expect(normal({ given_name: text }).given_name).toBe(NEWBORN)
})

test('a child of a known family whose given name is X has no name yet; with nothing known, nothing is', () => {
  expect(normal({ given_name: 'X', family_name: 'Petit' })).toEqual({ given_name: NEWBORN, family_name: 'PETIT' })
  expect(normal({ given_name: 'inconnu', birth_name: 'Petit' }).given_name).toBe(NEWBORN)
  expect(normal({ given_name: 'NULL', family_name: 'Petit' })).toEqual({ family_name: 'PETIT' })
})

test.each(['Bebel', 'Filleul', 'Maxence', 'Boyd', 'Sonia', 'Bo', 'Rnia', 'Nora', 'Garance'])('%s is a name', (text) => {
  expect(normal({ given_name: text }).given_name).toBe(text.toUpperCase())
})

test('a street loses its kind and its articles, and its number goes to the number', () => {
  expect(normal({ street: '12 bis, rue de la République' })).toEqual({ street_number: '12BIS', street: 'REPUBLIQUE' })
  expect(normal({ street: 'wallaby place', street_number: '7' })).toEqual({
    street_number: '7',
    street: 'WALLABYPLACE',
  })
})

test('numbers lose what a spreadsheet or a form adds', () => {
  expect(
    normal({ postcode: '2119.0', phone: '+33 6 39 98 12 34', national_id: '1 85 02 75 118 866 56' }),
  ).toMatchObject({
    postcode: '2119',
    phone: '0639981234',
  })
  expect(normal({ postcode: '00000', phone: '0000000000', national_id: '0000' })).toEqual({})
})

test('a number of the NIR is the same with and without its key, and a provisional one is none', () => {
  expect(normal({ national_id: '255081416802538' }).national_id).toBe('2550814168025')
  expect(normal({ national_id: '2550814168025' }).national_id).toBe('2550814168025')
  expect(normal({ national_id: '755081416802579' }).national_id).toBeUndefined()
})

test.each([
  ['female', 'F'],
  ['2', 'F'],
  ['Homme', 'M'],
  ['unknown', undefined],
])('sex %s', (text, expected) => {
  expect(normal({ sex: text }).sex).toBe(expected)
})
