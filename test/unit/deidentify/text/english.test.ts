/** Rules of English notes, with all layers. */
import { describe, expect, test } from 'vitest'
import { found, marked } from './example.ts'

describe('dates', () => {
  test.each([
    ['She is away Oct 3-10, back then.', 'date: Oct 3-10'],
    ['Admitted 12th to 15th March 2021 for pain.', 'date: 12th to 15th March 2021'],
    ['No seizures since Labor Day.', 'date: Labor Day'],
    ['Refill on the 15th for two weeks.', 'date: 15th'],
    ['Food chart started, review 30/8.', 'date: 30/8'],
    ['PMH: hysterectomy 1994.', 'date: 1994'],
    ['asthma (1999), sickle trait', 'date: 1999'],
  ])('%s', (text, date) => expect(found(text, 'en')).toEqual([date]))

  test.each(['Antibiotics for 3/7.', 'MMSE 22/30, pain 6/10.', 'Pain on the 4th toe.'])('%s stays', (text) =>
    expect(found(text, 'en')).toEqual([]),
  )
})

describe('places of care', () => {
  test.each([
    ['Transferred from Overlook for PCI.', 'hospital: Overlook'],
    ['Facility: Silver Birches', 'hospital: Silver Birches'],
    ['Seen by the stroke team last week at Homerton, no change.', 'hospital: Homerton'],
  ])('%s', (text, place) => expect(found(text, 'en')).toContain(place))

  test('a label of a number is no hospital, and a department names none', () => {
    expect(marked('Hosp No 4471902', 'en')).toBe('Hosp No [4471902](mrn)')
    expect(found('Admitted to Telemetry for a day.', 'en')).toEqual([])
  })
})

describe('names', () => {
  test('a label or a degree is no part of one, its initial is', () => {
    expect(found('Seen by ANP Fiona McBride.', 'en')).toEqual(['name: Fiona McBride'])
    expect(found('NIGHT NOTE B WALLACE RN', 'en')).toEqual(['professional: B WALLACE'])
  })

  test('an eponym before its word stays, a person with a title does not', () => {
    expect(found('Salter-Harris II fracture of the radius.', 'en')).toEqual([])
    expect(found('Micro: Brenner tumor of right ovary.', 'en')).toEqual([])
    expect(found('Modified Ashworth scale 2.', 'en')).toEqual([])
    expect(found("Dr. Harris's fracture clinic", 'en')[0]).toContain('Harris')
  })

  test('names of other countries are known', () => {
    expect(found('Hawa Sesay, Nkechi Umeh and Wojciech Zielinski', 'en').join(' ')).toMatch(/Sesay.*Umeh.*Zielinski/)
  })
})

describe('numbers and ages', () => {
  test.each([
    ['Medicare 1EG4-TE5-MK73 pending', 'id: 1EG4-TE5-MK73'],
    ['NI AB 12 34 56 C', 'id: AB 12 34 56 C'],
    ['her 95th birthday', 'age_over_89: 95'],
    ['a 94 yr gentleman', 'age_over_89: 94'],
  ])('%s', (text, number) => expect(found(text, 'en').join(' ')).toContain(number))
})
