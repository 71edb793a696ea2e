/** `chainon feeds privacy`: the table says of each field what the contract does with it, and the page can be signed. */
import { describe, expect, it } from 'vitest'
import { survivingFields } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { privacyTable } from '#core/contract/privacy-table.ts'
import type { FieldContract, GuardCase } from '#core/contract/types.ts'
import { privacyMarkdown, privacyPage, privacyText } from '../../../../services/cli/privacy-page.ts'

const contracts = loadContracts('schemas/feeds')
const tables = new Map(contracts.map((contract) => [contract.feed, privacyTable(contract)]))
const row = (feed: string, field: string) => tables.get(feed)?.find((one) => one.field === field)

describe('the table of a feed', () => {
  it.each(contracts.map((contract) => [contract.feed, contract] as const))(
    '%s: has each field once, and says that something remains exactly where something does',
    (_feed, contract) => {
      const rows = privacyTable(contract)
      const own = rows.filter(({ field }) => !field.startsWith('_'))
      expect(own.map(({ field }) => field)).toEqual(contract.fields.map(({ name }) => name))
      const remaining = own.filter(({ remains }) => remains !== 'nothing').map(({ field }) => field)
      expect(remaining).toEqual(survivingFields(contract).map(({ name }) => name))
      expect(rows.some(({ field }) => field === '_sealed_tokens')).toBe(contract.linked)
      for (const { action, risk, remains } of rows) {
        expect(action).not.toBe('')
        if (remains === 'nothing') expect(risk).toBe('')
      }
    },
  )

  it('says what a guard accepts, where, and what happens to the rest', () => {
    expect(row('observation', 'code')?.action).toContain(
      'SNOMED CT concept: 6 to 18 digits, partition of a concept, Verhoeff check digit (where code_system is snomed)',
    )
    expect(row('observation', 'code')?.action).toMatch(/anything else becomes null, and is counted$/)
    expect(row('observation', 'value_number')?.action).toContain(
      'from 10 to 50 (where code is 8310-5 and value_unit is Cel)',
    )
    expect(row('observation', 'record_version')?.action).toMatch(/anything else refuses the record$/)
    expect(row('encounter', 'admission_mode')?.action).toContain('one of 0, 6, 7, 8, 9, N; anything else')
    expect(row('patient', 'birth_date')).toMatchObject({
      action: 'cut to its month',
      remains: 'birth_month: the month',
    })
    expect(row('document', 'text')).toMatchObject({
      action: expect.stringMatching(
        /^scrubbed, read as French: .*\[NAME\].*becomes null, and is counted, if it is no text/,
      ),
      remains: 'the text, with tags',
      risk: expect.stringMatching(/^Not every identifier is found/),
    })
    expect(row('patient', 'phone')).toMatchObject({
      action: expect.stringMatching(/^compared by the linker in an encoded form.*; here removed$/),
      remains: 'nothing',
      risk: '',
    })
  })

  it('says what holds of numbers outside of the conditions of the ranges, and only where there is an outside', () => {
    const observation = contracts.find(({ feed }) => feed === 'observation')
    if (!observation) throw new Error('there is no observation')
    const guarded = (guard: readonly GuardCase[]): string | undefined => {
      const fields = observation.fields.map(
        (field): FieldContract =>
          field.name === 'value_number'
            ? { ...field, privacy: { class: 'none', action: 'keep', guard: [...guard] } }
            : field,
      )
      return privacyTable({ ...observation, fields }).find(({ field }) => field === 'value_number')?.action
    }
    const of = { field: 'code', equals: '718-7' }
    expect(
      guarded([
        { min: 0, max: 30, when: [of] },
        { min: 0, max: 400 },
      ]),
    ).toMatch(/^kept if it is from 0 to 30 \(where code is 718-7\); or from 0 to 400; and no number/)
    expect(guarded([{ min: 0, max: 30, when: [of] }])).toContain(
      '(where code is 718-7); or where none of these conditions holds, at most 9999999 in size; and no number',
    )
    expect(guarded([])).toContain('kept if it is at most 9999999 in size; and no number')
  })

  it('is a page in Markdown of which no cell breaks a line, with a place for a signature', () => {
    for (const contract of contracts) {
      const read = privacyPage(contract, contracts, 'f00d')
      const page = privacyMarkdown(read, ['version 3, in force since 2026-11-29 UTC'])
      expect(page).toContain('- version 3, in force since 2026-11-29 UTC')
      for (const text of [page, privacyText(read, [])]) {
        expect(text).toContain(read.policy)
        expect(text.includes('encounter.admission_mode')).toBe(
          ['encounter', 'patient', 'death', 'document'].includes(contract.feed),
        )
      }
      const lines = page.split('\n').filter((line) => line.startsWith('| `'))
      expect(lines).toHaveLength(privacyTable(contract).length)
      for (const line of lines) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(7)
      expect(page).toContain('SHA-256 `f00d`')
      expect(page).toContain('| decision | name and function | date | signature |')
    }
  })
})
