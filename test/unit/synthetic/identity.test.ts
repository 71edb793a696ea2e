/** Persons, what hospitals write about them, and the truth file. */
import { describe, expect, test } from 'vitest'
import { spell } from '../../../services/synthetic/hospital/hospital.ts'
import {
  mistype,
  mistypeDate,
  mistypeNumber,
  swapDayAndMonth,
} from '../../../services/synthetic/hospital/trait-errors.ts'
import { linesByProducer } from '../../../services/synthetic/output/sink.ts'
import { truthRows } from '../../../services/synthetic/output/truth.ts'
import { population } from '../../../services/synthetic/people/population.ts'
import { randomOf } from '../../../services/synthetic/random.ts'
import { OPTIONS, ofFeed, records, START_MS, UNTIL_MS } from './worlds.ts'

const made = records(60_000, { patients: 2_000 })
const people = population(String(OPTIONS.seed), 2_000, START_MS)
while (people.grow().length > 0);
const byId = new Map(people.persons.map((person) => [person.id, person]))
const first = ofFeed(made, 'patient').filter(({ record }) => record.record_version === 0)

describe('the same seed', () => {
  const bytes = (seed: number, count: number) =>
    [...linesByProducer(records(count, { seed }))].map(([producer, feeds]) => [
      producer,
      [...feeds].map(([feed, lines]) => [feed, lines.join('\n')]),
    ])

  test('produces the same bytes in the same order; another seed produces others', () => {
    expect(bytes(3, 3_000)).toEqual(bytes(3, 3_000))
    expect(bytes(4, 3_000)).not.toEqual(bytes(3, 3_000))
  })

  test('produces a longer run that starts with the shorter one', () => {
    expect(records(6_000).slice(0, 2_000)).toEqual(records(2_000))
  })
})

describe('the true persons', () => {
  test('each have a NIR of their sex and birth date', () => {
    expect(new Set(people.persons.map(({ nir }) => nir)).size).toBe(people.persons.length)
    for (const { nir, sex, birthDate } of people.persons) {
      expect(nir[0]).toBe(sex === 'male' ? '1' : '2')
      expect(nir.slice(1, 5)).toBe(birthDate.slice(2, 4) + birthDate.slice(5, 7))
    }
  })

  test('belong to households, and some are twins', () => {
    const byHome = Map.groupBy(people.persons, ({ home }) => home)
    const families = [...byHome.values()].filter((members) => members.length > 1)
    expect(families.length).toBeGreaterThan(200)
    const twins = families.filter((members) => {
      const young = members.map(({ birthDate, birthFamilyName }) => birthDate + birthFamilyName)
      return new Set(young).size < young.length
    })
    expect(twins.length).toBeGreaterThan(0)
  })

  test('include homonyms, and names with accents, hyphens, particles', () => {
    const names = people.persons.map((person) => `${person.givenNames[0]} ${person.birthFamilyName}`)
    expect(new Set(names).size).toBeLessThan(names.length)
    for (const kind of [/[éèëïç]/, /\p{L}-\p{L}/u, / (?:Le|De|Da|Du) /])
      expect(names.some((name) => kind.test(name))).toBe(true)
  })
})

describe('registrations', () => {
  const of = (producer: string) => first.filter((one) => one.producer === producer)

  test('of a person at two hospitals have different numbers; about the documented share of persons has two', () => {
    const byPerson = Map.groupBy(first, ({ personId }) => personId)
    const shared = [...byPerson.values()].filter((all) => new Set(all.map(({ producer }) => producer)).size > 1)
    expect(shared.length / byPerson.size).toBeGreaterThan(0.14)
    expect(shared.length / byPerson.size).toBeLessThan(0.22)
    for (const all of shared) expect(new Set(all.map(({ record }) => record.patient_ipp)).size).toBe(all.length)
  })

  test('of a hospital have unique numbers of one form', () => {
    for (const producer of ['hospital-1', 'hospital-2', 'hospital-3']) {
      const numbers = of(producer).map(({ record }) => record.patient_ipp)
      expect(new Set(numbers).size).toBe(numbers.length)
      expect(new Set(numbers.map((number) => number.replace(/\d/g, '0'))).size).toBe(1)
    }
  })

  test('leave traits out at the given rate', () => {
    const share = (missing: (one: (typeof first)[number]) => boolean) => first.filter(missing).length / first.length
    expect(Math.abs(share(({ record }) => record.birth_place_insee === null) - OPTIONS.rates.missing)).toBeLessThan(
      0.03,
    )
    expect(Math.abs(share(({ record }) => record.phone === null) - OPTIONS.rates.missing)).toBeLessThan(0.03)
    expect(share(({ record }) => record.birth_date === null)).toBeLessThan(0.03)
    for (const { record } of first) expect(record.identity_status === 'VALI').toBe(record.ins !== null)
  })

  test('have typing errors at the given rate', () => {
    // The names as the hospital spells them, except those that a swap replaced (at most 2 % each).
    let wrongName = 0
    let wrongDate = 0
    let dates = 0
    for (const { record, personId, producer } of first) {
      const person = byId.get(personId)
      const spelling = producer === 'hospital-1' ? 'upper' : producer === 'hospital-2' ? 'title' : 'upper-accents'
      if (record.birth_family_name !== spell(person?.birthFamilyName ?? '', spelling)) wrongName++
      if (record.birth_date === null) continue
      dates++
      if (record.birth_date !== person?.birthDate) wrongDate++
    }
    const { typo, swap } = OPTIONS.rates
    expect(Math.abs(wrongName / first.length - (typo + 1.3 * swap))).toBeLessThan(0.03)
    expect(Math.abs(wrongDate / dates - (typo + 0.37 * swap))).toBeLessThan(0.03)
  })

  test('are exact when all rates are 0', () => {
    const exact = ofFeed(records(5_000, { rates: { typo: 0, missing: 0, swap: 0 } }), 'patient')
    for (const { record } of exact) {
      expect(record.birth_date).not.toBeNull()
      expect(record.address_line).not.toBeNull()
    }
  })
})

describe('the truth', () => {
  const rows = truthRows(made)

  test('names the person of every patient and death record', () => {
    const known = new Map(rows.map((row) => [`${row.producer}/${row.feed}/${row.record_id}`, row]))
    for (const one of made) {
      if (one.feed !== 'patient' && one.feed !== 'death') continue
      const row = known.get(`${one.producer}/${one.feed}/${one.record.record_id}`)
      expect(row).toMatchObject({ patient_ipp: one.record.patient_ipp, person_id: one.personId })
    }
    expect(rows.some(({ producer }) => producer === 'death-register')).toBe(true)
    expect(known.size).toBe(rows.length)
  })

  test('is in no record', () => {
    const sent = [...linesByProducer(made).values()].flatMap((feeds) => [...feeds.values()].flat()).join('\n')
    expect(sent).not.toContain('person-')
    expect(sent).not.toContain('person_id')
    // An id of a person is 16 hexadecimal digits after its prefix; no run of that length in the sent text contains one.
    const runs = (sent.match(/[0-9a-f]{16,}/g) ?? []).join(' ')
    for (const { person_id } of rows) expect(runs.includes(person_id.slice('person-'.length))).toBe(false)
  })
})

test('most notes name the patient, some do not', () => {
  const latest = new Map(
    first.map(({ producer, record, personId }) => [`${producer}/${record.patient_ipp}`, byId.get(personId)]),
  )
  const notes = ofFeed(made, 'document')
  const naming = notes.filter(({ producer, record }) => {
    const person = latest.get(`${producer}/${record.patient_ipp}`)
    const text = spell(record.text ?? '', 'upper')
    return person !== undefined && text.includes(spell(person.usedFamilyName, 'upper'))
  })
  expect(naming.length / notes.length).toBeGreaterThan(0.8)
  expect(naming.length / notes.length).toBeLessThan(0.99)
  const texts = notes.map(({ record }) => record.text ?? '').join('\n')
  expect(texts).not.toMatch(/undefined|\{\w+\}|null/)
  for (const what of [/IPP : /, /06 39 98/, /\d\d\/\d\d\/\d{4}/, /@\w+\.example/, /RPPS \d{11}/])
    expect(texts).toMatch(what)
})

test('no patient comes after their death', () => {
  const died = new Map(ofFeed(made, 'death').map(({ personId, record }) => [personId, Date.parse(record.died_on)]))
  const people = new Map(first.map((one) => [`${one.producer}/${one.record.patient_ipp}`, one.personId]))
  const after = ofFeed(made, 'encounter').filter(({ producer, record }) => {
    const end = died.get(people.get(`${producer}/${record.patient_ipp}`) ?? '')
    return end !== undefined && Date.parse(record.started_at) > end + 86_400_000
  })
  expect(after).toEqual([])
  expect(died.size).toBeGreaterThan(0)
})

test('each typing error changes its value, and a mistyped date is a date of the calendar', () => {
  const random = randomOf('trait errors')
  for (let i = 0; i < 500; i++) {
    expect(mistype('Jean-François', random)).not.toBe('Jean-François')
    expect(mistype('Li', random)).not.toBe('Li')
    expect(mistypeNumber('2A0341234567812', random)).not.toBe('2A0341234567812')
    const date = mistypeDate('2024-02-29', UNTIL_MS, random)
    expect(date).not.toBe('2024-02-29')
    expect(new Date(date).toISOString().slice(0, 10)).toBe(date)
  }
  expect(swapDayAndMonth('1980-03-07', UNTIL_MS)).toBe('1980-07-03')
  expect(swapDayAndMonth('1980-03-17', UNTIL_MS)).toBeNull()
  expect(swapDayAndMonth('2025-06-12', UNTIL_MS)).toBeNull()
})
