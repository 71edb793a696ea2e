/** The detector: numbers of persons by their form, and what the same record says of its patient. */
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { detectInNumber, detectInText } from '#core/guards/detect.ts'
import { identityReader } from '#core/guards/identity.ts'
import { nirOf } from '../../../helpers/records.ts'

const patient = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient')
if (!patient) throw new Error('there is no feed patient')
const NIR = nirOf('1850569123456')
const identity = identityReader(patient)({
  record_id: 'R-771203',
  patient_ipp: 'H1-0080123',
  birth_family_name: 'Lefèvre-Œuf',
  birth_given_names: 'Zoé, Anaïs',
  birth_date: 7749,
  address_line: '12 rue Foch',
  phone: '06 12 34 56 78',
})
const inText = (text: string) => detectInText(text, () => identity)
const inNumber = (value: number, time = false) => detectInNumber(value, time, () => identity)

describe('in a text', () => {
  it.each([
    [NIR, 'nir'],
    ['1 85 05 69 123 456', 'nir'],
    [`code ${NIR.slice(0, 13)} ${NIR.slice(13)}`, 'nir'],
    ['2850552A1234567', undefined],
    ['0612345679', 'phone'],
    ['06.12.34.56.79', 'phone'],
    ['+33 6 12 34 56 79', 'phone'],
    ['555-123-4567', 'phone'],
    ['a.b@exemple.fr', 'email'],
    ['0080123', 'identifier'],
    ['80123', undefined],
    ['IPP0080123', 'identifier'],
    ['H10080123', 'identifier'],
    ['R-771203', 'identifier'],
    ['771203', undefined],
    ['LEFEVRE', 'name'],
    ['lefèvre12', 'name'],
    ['DrLefevre', 'name'],
    ['OEUF', 'name'],
    ['zoe', 'name'],
    ['foch', 'name'],
    ['19910321', 'birth-date'],
    ['21/03/1991', 'birth-date'],
  ])('%s: %s', (text, kind) => {
    expect(inText(text)).toBe(kind)
  })

  it.each([
    '718-7',
    'E119',
    'N02BE01',
    'mmol/L',
    '266919005',
    '10939881000119105',
    '454711000124102',
    '3400949497294',
    '80123-4',
    'LA30189-7',
  ])('a code of nobody is left: %s', (code) => {
    expect(inText(code)).toBeUndefined()
  })
})

describe('in a number', () => {
  it.each([
    [Number(NIR), false, 'nir'],
    [Number(NIR.slice(0, 13)), false, 'nir'],
    [612345679, false, 'phone'],
    [33612345679, false, 'phone'],
    [80123, false, 'identifier'],
    [-80123, false, 'identifier'],
    [80.123, false, 'identifier'],
    [21031991, false, 'birth-date'],
    [Number(NIR), true, 'nir'],
    // Some times in milliseconds have the form of a NIR without its key.
    [1_770_375_123_456, true, undefined],
    [136.5, false, undefined],
    [992_330, false, undefined],
  ])('%d, a time: %s: %s', (value, time, kind) => {
    expect(inNumber(value, time)).toBe(kind)
  })
})
