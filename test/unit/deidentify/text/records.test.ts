/** Records: names, places and numbers that stand without the words that announce them; most of them English. */
import { describe, expect, test } from 'vitest'
import { found, marked } from './example.ts'

describe('names that are also words', () => {
  test.each([
    ['Signed, Peter Rose, M.D.', 'name: Peter Rose'],
    ['Banks is a pleasant 61-year-old gentleman with gout.', 'name: Banks'],
    ['Epidural placed by Forrester, tolerated well.', 'name: Forrester'],
    ['Lives with carer Grace in a bungalow.', 'name: Grace'],
    ['Her mother, nee Marsh, is well.', 'name: Marsh'],
    ['Reviewed with Tse/Holloway today.', 'name: Tse/Holloway'],
  ])('%s', (text, name) => expect(found(text, 'en').map((one) => one.replace('professional', 'name'))).toContain(name))

  test('a name that is a word is found again within a sentence, not where it is the word', () => {
    const text = 'Mr. Brooks was seen. We told Brooks to rest. Brooks denies pain. He fished in the brooks.'
    expect(marked(text, 'en').match(/\[Brooks\]/g)).toHaveLength(3)
  })

  test('who does it is no person, and a state is no degree', () => {
    expect(found('Brought in by Ambulance, seen by Cardiology.', 'en')).toEqual([])
    expect(found('She moved to Baltimore, MD.', 'en').join()).not.toContain('name')
  })
})

describe('initials', () => {
  test.each([
    ['Dictated on the ward.\nRK:lm 44871\n', 'name: RK:lm 44871'],
    ['Collected by: TVB   Verified: ok', 'name: TVB'],
    ['Subject 12 (initials HRQ)', 'name: HRQ'],
    ['Temporary crown cemented. JW', 'name: JW'],
  ])('%s', (text, name) => expect(found(text, 'en')).toContain(name))

  test.each(['Chest clear.\nGU:neg 2 times\nOther systems normal, and no more is known.'])('%s stays', (text) =>
    expect(found(text, 'en')).toEqual([]),
  )
})

describe('places of care', () => {
  test.each([
    ['Formerly at Coppermine Lodge, then home.', 'hospital: Coppermine Lodge'],
    ['Labs from Hospital of the Holy Spirit.', 'hospital: Hospital of the Holy Spirit'],
    ['Baby born in Klinikum Weststadt.', 'hospital: Klinikum Weststadt'],
    ['Transferred from University of Wexcombe Hospital.', 'hospital: University of Wexcombe Hospital'],
    ['Echo at Our Lady of Hope Hospital.', 'hospital: Our Lady of Hope Hospital'],
    ['Discharged to Oakmere Rehabilitation and Nursing.', 'hospital: Oakmere Rehabilitation and Nursing'],
    ["Seen in St. Bride's last week.", "hospital: St. Bride's"],
    ['Dr. Kaplan at Froedtert agrees.', 'hospital: Froedtert'],
  ])('%s', (text, place) => expect(found(text, 'en')).toContain(place))

  test('a clinic that is called by what it treats is none', () =>
    expect(found('Seen in Hypertension Clinic.', 'en')).toEqual([]))
})

test('a month and its year, not an acuity or a week of a pregnancy', () => {
  expect(found('Knee replaced 1/66, seen since.', 'en')).toEqual(['date: 1/66'])
  expect(found('Vision 6/60, scan at 12/40.', 'en')).toEqual([])
})

test('a town that no list has', () =>
  expect(found('She is a nurse from Ketterworth with pain.', 'en')).toEqual(['city: Ketterworth']))

describe('addresses and postcodes', () => {
  test.each([
    ['He lives on Fox Hollow Dr.', 'address: Fox Hollow Dr'],
    ['Found at 218 E Maple, confused.', 'address: 218 E Maple'],
    ['77-11 35th Ave, second floor', 'address: 77-11 35th Ave'],
    ['Fitzroy VIC 3065', 'postcode: 3065'],
    ['Dayton OH 45402', 'postcode: 45402'],
    ['zip 45402-1187', 'postcode: 45402-1187'],
  ])('%s', (text, place) => expect(found(text, 'en')).toContain(place))
})

describe('numbers', () => {
  test.each([
    ['Medicare 2950 12345 1', 'id: 2950 12345 1'],
    ['SOLOMON GRADY, M.D. QB12', 'id: QB12'],
    ['HIC 219-09-4471A on file', 'ssn: 219-09-4471A'],
    ['Transfused G0101 22 118844 7.', 'id: G0101 22 118844 7'],
    ['call (0117) 496 0123', 'phone: (0117) 496 0123'],
    ['seven oh four five five five oh one one two', 'phone: seven oh four five five five oh one one two'],
  ])('%s', (text, number) => expect(found(text, 'en')).toContain(number))

  test('the parts of a number are hidden together', () =>
    expect(found('Your ref: QB-7712', 'en').join()).toContain('QB-7712'))

  test.each(['Sodium 134 (136-145)', 'Obstetric history G2P1A0.', 'Amoxicillin 1 g BD 7/7.', 'Apgars 8/9.'])(
    '%s stays',
    (text) => expect(found(text, 'en')).toEqual([]),
  )
})

test('words of medicine stay', () => {
  expect(found('Abx day 4. To Rehab soon. Culture: Candida albicans.', 'en')).toEqual([])
  expect(found('Culture positive à Candida albicans. Revu par le DIM.', 'fr')).toEqual([])
})

test('French: birth names, elisions, numbers and postcodes of the neighbours', () => {
  expect(marked('Mme Roy (née Da Costa)')).toContain('(née [Da Costa](name))')
  expect(marked('Dr L’Hostis')).toContain('[L’Hostis]')
  expect(found('NISS 52.03.11-123.45, INAMI 1-12345-67-890')).toEqual(['nir: 52.03.11-123.45', 'rpps: 1-12345-67-890'])
  expect(found('AVS 756.1234.5678.97')).toEqual(['nir: 756.1234.5678.97'])
  expect(found('rue Haute 4, 1000 Bruxelles')).toContain('postcode: 1000')
  expect(found('Lettre dictée le 4/3, relue.')).toEqual(['date: 4/3'])
  expect(found('Fracture sur le 1/3 moyen du fémur, sonde ch 16 posée le 12.')).toEqual(['date: 12'])
  expect(found('hospitalisé du 3 au 12.4.22')).toEqual(['date: 3', 'date: 12.4.22'])
})
