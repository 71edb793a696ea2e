/** What a guard by code system accepts: codes, and nothing that could name a person. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CODE_SYSTEM_NAMES, CODE_SYSTEMS, type CodeSystemName } from '#core/guards/code-systems.ts'
import { isUcumUnit } from '#core/guards/ucum.ts'

const accepts = (system: CodeSystemName, code: string) => CODE_SYSTEMS[system].accepts(code)

/** Each as people write it into a field that is meant for a code. */
const PERSONS = [
  'DUPONT Jean 12 rue Foch',
  'DUPONT',
  'Martin',
  'Zoé',
  'jean.dupont@exemple.fr',
  '185056912345642',
  '1 85 05 69 123 456 42',
  '1850569123456',
  '0612345678',
  '06 12 34 56 78',
  '+33612345678',
  '19500201',
  '01/02/1950',
  'E119 DUPONT',
  '718-7\nDUPONT',
  ' E119',
  '',
]

describe('each code system', () => {
  it.each(CODE_SYSTEM_NAMES)('%s accepts its example, and no name or number of a person', (name) => {
    const { accepts: isCode, example } = CODE_SYSTEMS[name]
    expect([example, isCode(example)]).toEqual([example, true])
    expect(PERSONS.filter(isCode)).toEqual([])
  })

  it.each<[CodeSystemName, string, string]>([
    ['loinc', '718-7', '718-8'],
    ['loinc', '94500-6', '94500-5'],
    ['loinc-answer', 'LA30189-7', 'LA30189-6'],
    ['snomed', '22298006', '22298007'],
    ['snomed', '10939881000119105', '10939881000119106'],
    // CIP of the public drug database, and a UCD of the same form.
    ['cip', '3400949497294', '3400949497293'],
    ['cip', '4949729', '4949728'],
    ['ucd', '3400891234572', '3400949497294'],
    ['finess', '750712184', '750712185'],
    ['dicom-uid', '1.2.840.10008.5.1.4.1.1.2', '1.2.840.113619.2.55.3'],
    ['dicom-uid', '1.2.840.10008.1.2.4.100', '1.2.840.10008.8000123'],
  ])('%s checks its digit: %s and not %s', (system, right, wrong) => {
    expect([accepts(system, right), accepts(system, wrong)]).toEqual([true, false])
  })

  it.each<[CodeSystemName, readonly string[], readonly string[]]>([
    ['cim10', ['E119', 'A99', 'S7200', 'A99+9', 'A999+9'], ['E11.9', 'e119', 'EE119', 'E1191234']],
    ['icd11', ['5A11', 'CA40.0', '1A00'], ['JEAN', 'PAUL', '5AA1']],
    ['ccam', ['HHFA016', 'HHFA016-01'], ['DUPONT1', 'HHFA16', 'HHFA0161']],
    ['ngap', ['C', 'AMI 1.5', 'K20'], ['JEAN', 'DUPONT 2', 'C 185056']],
    ['atc', ['N', 'N02', 'N02B', 'N02BE', 'N02BE01'], ['E02', 'N02BE0', 'NOEL']],
    ['nabm', ['1104', '9'], ['11045', 'A104']],
    ['short-code', ['3110', 'UF12', 'A-7', 'NF12B'], ['NOEL', 'JEAN1', '31105', '310-A']],
    ['snomed', ['266919005'], ['266919', '44054016', '06919005']],
    ['iso-3166', ['FR', 'DE'], ['XX', 'FRA', 'fr']],
    ['iso-639', ['fr', 'de'], ['qq', 'fra', 'FR']],
    ['edqm', ['20053000'], ['19770321', '30053000']],
  ])('%s accepts %j and not %j', (system, right, wrong) => {
    expect(right.filter((code) => !accepts(system, code))).toEqual([])
    expect(wrong.filter((code) => accepts(system, code))).toEqual([])
  })
})

it('each code system is in the table of schemas/README.md', () => {
  const page = readFileSync('schemas/README.md', 'utf8')
  for (const name of CODE_SYSTEM_NAMES)
    expect(page).toContain(`| \`${name}\` | ${CODE_SYSTEMS[name].form} | \`${CODE_SYSTEMS[name].example}\` |`)
})

describe('a unit of UCUM', () => {
  it.each([
    ...[
      'mg/dL',
      'mmol/L',
      'mm[Hg]',
      '/min',
      'kg/m2',
      '10*3/uL',
      'm[IU]/L',
      '%',
      'Cel',
      '[pH]',
      '/[HPF]',
      's-1',
      '10*-3',
    ],
    ...[
      'mL/min/{1.73_m2}',
      '{score}',
      '{#}',
      '{INR}',
      'mg/g{creat}',
      'mL/(min.m2)',
      'mmol/(24.h)',
      'µmol/L',
      '{copies}/mL',
    ],
  ])('%s is one', (unit) => {
    expect(isUcumUnit(unit)).toBe(true)
  })

  it.each([
    ...['', 'DUPONT', 'Jean', '{DUPONT}', 'mg{DUPONT Jean}', '{}', '{', 'mg/{0612345678}', 'm..s', 'm/', '//min', '/'],
    ...[
      '0612345678',
      '6.12.34.56.78.90.12',
      'm185',
      '10*185056',
      '185056912345642',
      'mmHg',
      'Kim',
      'g%{x}',
      '(m)',
      '[DUPONT]',
    ],
  ])('%s is none', (text) => {
    expect(isUcumUnit(text)).toBe(false)
  })
})
