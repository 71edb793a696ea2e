/** Dates of texts that move as the dates of their patient's fields. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { formatDate, parseCalendarDate } from '#core/contract/calendar.ts'
import { parseContract } from '#core/contract/parse.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { policies } from '#core/policies/apply-policies.ts'
import { shiftReader } from '#core/policies/shift.ts'
import { scrubTexts } from '../../../../services/deidentify/steps/scrub-texts.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import { shiftDate } from '../../../../services/deidentify/text/shift-dates.ts'

describe('a date of a text', () => {
  it.each([
    ['fr', '28/02/2024', 14, '13/03/2024'],
    ['fr', '3-4-2019', 7, '10-4-2019'],
    ['fr', '03.04.2019', -7, '27.03.2019'],
    ['fr', '2024-12-30', 7, '2025-01-06'],
    ['fr', '1er mars 2024', 7, '8 mars 2024'],
    ['fr', '8 mars 2024', -7, '1 mars 2024'],
    ['fr', '12 FÉVRIER 2024', 28, '11 MARS 2024'],
    ['fr', '12 Mars 2024', -28, '13 Février 2024'],
    ['fr', '12 fevrier 2024', 182, '12 aout 2024'],
    ['fr', '5 sept. 2023', 35, '10 oct. 2023'],
    ['en', 'May 3, 2024', 7, 'May 10, 2024'],
    ['en', '3rd of May 2024', 28, '31st of May 2024'],
    ['en', '21 Jan 2024', -7, '14 Jan 2024'],
    ['en', '2024-05-03', 7, '2024-05-10'],
  ] as const)('%s %s, %s days on, is %s', (language, written, days, expected) =>
    expect(shiftDate(written, days, language)).toBe(expected),
  )

  it.each([
    ['fr', '30/02/2024'],
    ['fr', '03/04/19'],
    ['fr', 'mars 2024'],
    ['fr', '12 mars'],
    ['fr', '12 brumaire 2024'],
    ['fr', 'Noël'],
    // April in the United States, March elsewhere.
    ['en', '04/03/2024'],
  ] as const)('%s %s is not moved: it gets a tag', (language, written) =>
    expect(shiftDate(written, 7, language)).toBeUndefined(),
  )

  it('moves back to what it was', () => {
    const day = fc.integer({ min: parseCalendarDate('1900-01-01') ?? 0, max: parseCalendarDate('2099-12-31') ?? 0 })
    fc.assert(
      fc.property(day, fc.integer({ min: -3650, max: 3650 }), (from, days) => {
        const iso = formatDate(from)
        expect(shiftDate(iso, days, 'en')).toBe(formatDate(from + days))
        const french = iso.split('-').toReversed().join('/')
        expect(shiftDate(shiftDate(french, days, 'fr') ?? '', -days, 'fr')).toBe(french)
      }),
    )
  })
})

describe('a record whose text and fields are shifted', () => {
  const json = JSON.parse(readFileSync('schemas/feeds/document.avsc', 'utf8')) as {
    fields: { name: string; privacy: object }[]
  }
  for (const field of json.fields) {
    if (field.name === 'authored_at') field.privacy = { class: 'date', action: 'shift' }
    if (field.name === 'text') field.privacy = { ...field.privacy, dates: 'shift' }
  }
  const parsed = (shift: object) => parseContract('document', JSON.stringify({ ...json, shift }))

  test('has the same days in both; a birth date and a date without a year have tags', async () => {
    const result = parsed({ within: 182, weekday: 'keep' })
    if (!result.ok) throw new Error(result.problems.join('\n'))
    const level1 = pseudonymiser(1, Buffer.alloc(32, 7))
    const read = shiftReader(result.contract, level1)
    const record = {
      record_id: 'd',
      patient_ipp: '77123',
      authored_at: Date.parse('2024-03-12T10:00:00Z'),
      text: 'Madame née le 03/04/1956, vue le 12/03/2024, revue en juin. Contrôle le 12 mars 2024.',
      title: null,
    }
    const step = scrubTexts(result.contract, loadResources, { shiftDays: read })
    const guarded = { origin: '1', record, provenance: { producer: 'chu', receivedAt: 7 }, outcomes: [], withheld: [] }
    const verdict = await step.runLong(guarded, () => undefined)
    if (verdict.kind !== 'pass') throw new Error('the record was not passed on')
    const { value } = verdict
    const out = policies(result.contract, level1)(record, 'chu', { withheld: [], texts: value.texts })
    const [year = '', month = '', day = ''] = new Date(Number(out.authored_at)).toISOString().slice(0, 10).split('-')
    expect(`${year}-${month}-${day}`).not.toBe('2024-03-12')
    expect(out.text).toContain(`vue le ${day}/${month}/${year}`)
    expect(out.text).toContain('[BIRTH_DATE]')
    expect(out.text).not.toMatch(/12 mars 2024|1956|juin/)
    expect(() => scrubTexts(result.contract, loadResources)).toThrow('nothing says by how much')
  })

  test('needs whole weeks, because a text says weekdays', () => {
    const result = parsed({ within: 182 })
    expect(result.ok ? [] : result.problems).toEqual([
      'field \'text\' is a text with shifted dates: \'shift\' needs "weekday": "keep"',
    ])
  })
})
