/** One code has one spelling; what is no code of its system stays as it was written, and its guard decides. */
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { canonicalCode, codeSpeller } from '#core/guards/canonical.ts'
import { CODE_SYSTEM_NAMES, CODE_SYSTEMS, type CodeSystemName } from '#core/guards/code-systems.ts'

const contracts = new Map(loadContracts('schemas/feeds').map((contract) => [contract.feed, contract]))
function spelt(feed: string, record: Record<string, unknown>): Record<string, unknown> {
  const contract = contracts.get(feed)
  if (!contract) throw new Error(`no contract ${feed}`)
  return codeSpeller(contract)(record, 'chu')
}

describe('each code system', () => {
  test.each<[CodeSystemName, readonly string[], string]>([
    ['cim10', ['E11.9', 'e11.9', ' E119 ', 'e119'], 'E119'],
    ['cim10', ['A99.9+9', 'A999+9'], 'A999+9'],
    ['ccam', ['hhfa016', 'HHFA 016'], 'HHFA016'],
    ['atc', ['n02be01', 'N02 BE01'], 'N02BE01'],
    ['ngap', ['AMI 1,5', 'ami1.5', 'AMI 1.5'], 'AMI 1.5'],
    ['nabm', ['110', '0110'], '0110'],
    ['loinc', ['00718-7', '718-7 '], '718-7'],
    ['snomed', ['44054 006'], '44054006'],
    ['orpha', ['ORPHA:558', 'Orphanet_558', '558'], '558'],
    ['icd11', ['ca40.0'], 'CA40.0'],
    ['ucd', ['9261110', '34008 926111 0 5'], '3400892611105'],
    // Of the public drug database.
    ['cip', ['4949729', '34009 494 972 9 4'], '3400949497294'],
    ['ucum', ['µmol/L', 'μmol/L'], 'umol/L'],
  ])('%s: %j is %s', (system, written, canonical) => {
    for (const text of [...written, canonical]) expect([text, canonicalCode(system, text)]).toEqual([text, canonical])
  })

  test.each(CODE_SYSTEM_NAMES)('%s leaves its example, and what it does not accept', (system) => {
    const { example } = CODE_SYSTEMS[system]
    expect(canonicalCode(system, example)).toBe(example)
    for (const text of ['DUPONT Jean', '', '.', 'é.9']) expect(canonicalCode(system, text)).toBe(text)
  })
})

describe('a record', () => {
  test('has the spelling of the system that it names', () => {
    expect(spelt('diagnosis', { code_system: 'cim10', code: 'e11.9' })).toEqual({ code_system: 'cim10', code: 'E119' })
    const other = { code_system: 'other', code: 'e11.9' }
    expect(spelt('diagnosis', other)).toBe(other)
    expect(spelt('death', { cause_code: 'I21.9' })).toEqual({ cause_code: 'I219' })
  })

  test('keeps the letters of a code whose system it does not name', () => {
    expect(spelt('encounter', { reason_code: 'E11.9' })).toEqual({ reason_code: 'E119' })
    // A local code in small letters is not the CIM-10 code in capitals.
    expect(spelt('encounter', { reason_code: 'a12' })).toEqual({ reason_code: 'a12' })
    expect(spelt('observation', { value_code: '3110' })).toEqual({ value_code: '3110' })
  })

  test('has its own spelling among any number of others, and under another system the other one', () => {
    const contract = contracts.get('diagnosis')
    if (!contract) throw new Error('no contract diagnosis')
    const spell = codeSpeller(contract)
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 5_000; i++) {
        const digits = String(i % 1000).padStart(3, '0')
        const code = `e${digits.slice(0, 2)}.${digits.slice(2)}${i < 1000 ? '' : Math.floor(i / 1000)}`
        expect(spell({ code_system: 'cim10', code }, 'chu').code).toBe(code.replace('.', '').toUpperCase())
        expect(spell({ code_system: 'other', code }, 'chu').code).toBe(code)
      }
  })

  test('is the same one when nothing changes, and is never changed in place', () => {
    const plain = { code_system: 'cim10', code: 'E119', comment: null }
    expect(spelt('diagnosis', plain)).toBe(plain)
    const dotted = { code_system: 'cim10', code: 'E11.9' }
    spelt('diagnosis', dotted)
    expect(dotted.code).toBe('E11.9')
  })
})
