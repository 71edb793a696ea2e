/** `chainon feeds new`: what it writes passes `feeds check`, and never keeps what may say who somebody is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { newContract } from '../../../../services/cli/contract/new.ts'
import { proposeContract } from '../../../../services/cli/contract/propose-contract.ts'
import { contractText } from '../../../../services/cli/contract/skeleton.ts'
import { leakReport } from '../../../../services/cli/leak-report.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-new-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const shipped = loadContracts('schemas/feeds').map((contract) => ({
  name: `${contract.feed}.avsc`,
  result: { ok: true as const, contract },
}))

/** Six rows, of which each column has its own. */
function propose(columns: Readonly<Record<string, readonly string[]>>): FeedContract {
  const sample = Object.entries(columns).map(([name, values]) => ({ name, values, rows: 6 }))
  const result = parseContract('sample', contractText(proposeContract('sample', 'A sample', sample).contract))
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}
const privacyOf = (column: string, values: readonly string[]) => {
  const { fields } = propose({ [column]: values })
  const found = fields.at(-1)
  return `${found?.kind} ${found?.privacy.class} ${found?.privacy.action}`
}
const six = (value: (n: number) => string | number) => [1, 2, 3, 4, 5, 6].map((n) => String(value(n)))

it('from scratch passes `feeds check`, also beside the other feeds', async () => {
  const { text, file } = await newContract('vital_sign', undefined, folder, { doc: 'A vital sign' })
  expect(file).toBe(join(folder, 'vital_sign.avsc'))
  expect(readFileSync(file ?? '', 'utf8')).toBe(text)
  const result = parseContract('vital_sign', text)
  expect(result.ok && leakReport(result.contract, shipped).open).toBe(false)
})

it('never replaces a file', async () => {
  const file = join(folder, 'mine.avsc')
  writeFileSync(file, 'mine')
  await expect(newContract('mine', undefined, folder, { doc: 'x' })).rejects.toThrow('is there already')
  expect(readFileSync(file, 'utf8')).toBe('mine')
})

it('writes nothing with --dry-run', async () => {
  const { file } = await newContract('dry', undefined, folder, { doc: 'x', dryRun: true })
  expect(file).toBeUndefined()
  expect(() => readFileSync(join(folder, 'dry.avsc'))).toThrow('ENOENT')
})

it.each(['Vital', '1st', 'with-hyphen', '../x', 'a_all', ''])('no feed is called %j', async (name) => {
  await expect(newContract(name, undefined, folder, { doc: 'x' })).rejects.toThrow('No feed can have this name')
})

describe('from a sample', () => {
  const CSV = `IPP;Nom;Prénom;Date de naissance;Sexe;Code postal;Date prélèvement;Code LOINC;Valeur;Médecin;Commentaire;Tél
8000123;MARTIN;Zoé;1950-02-01;F;69003;2026-01-02;718-7;13,5;Dr House;RAS;0612345678
8000124;DURAND;Luc;1961-03-04;M;69004;2026-01-03;718-7;12,1;Dr House;;0612345679
8000125;PETIT;Eva;1972-05-06;F;69005;2026-01-04;2160-0;80,5;Dr Who;RAS;
8000126;ROUX;Tom;1983-07-08;M;69006;2026-01-05;2160-0;90,5;Dr Who;RAS;0612345670
8000127;BLANC;Ada;1994-09-10;F;69007;2026-01-06;718-7;14,5;Dr Who;RAS;0612345671
`
  it('proposes each column, keeps only what is no risk, and passes `feeds check`', async () => {
    const sample = join(folder, 'labs.csv')
    writeFileSync(sample, CSV)
    const { text, notes } = await newContract('labs', sample, folder, { doc: 'A result' })
    const result = parseContract('labs', text)
    if (!result.ok) throw new Error(result.problems.join('\n'))
    expect(leakReport(result.contract, shipped).open).toBe(false)
    const { eventTime, fields, subject } = result.contract
    const became = Object.fromEntries(
      fields.map(({ kind, name, privacy }) => [name, `${kind} ${privacy.class} ${privacy.action}`]),
    )
    expect({ eventTime, subject, became }).toEqual({
      eventTime: 'date_prelevement',
      subject: 'patient_ipp',
      became: {
        record_id: 'string direct pseudonymise',
        record_version: 'long none keep',
        operation: 'enum none keep',
        patient_ipp: 'string direct pseudonymise',
        nom: 'string trait drop',
        prenom: 'string trait drop',
        date_de_naissance: 'string trait drop',
        sexe: 'enum trait keep',
        code_postal: 'string place generalise',
        date_prelevement: 'date date keep',
        code_loinc: 'string none keep',
        valeur: 'double none keep',
        medecin: 'string professional drop',
        commentaire: 'string text drop',
        tel: 'string direct drop',
      },
    })
    expect(notes).toHaveLength(13)
    // A note names columns and reasons, never a value.
    for (const value of ['MARTIN', '8000123', '0612345678', 'Dr House', '13,5', '69003'])
      expect([text, ...notes].join('\n')).not.toContain(value)
  })

  it('reads NDJSON as well, and says which line is no object', async () => {
    const sample = join(folder, 'labs.ndjson')
    writeFileSync(sample, '{"record_id":"a","weight":70.5,"ok":true,"tags":["x"]}\n'.repeat(6))
    const { text } = await newContract('weights', sample, folder, { doc: 'x', dryRun: true })
    expect(text).toContain('"name": "weight", "type": ["null", "double"]')
    expect(text).toContain('"name": "ok", "type": ["null", "boolean"]')
    expect(text).toMatch(/"name": "tags".*"action": "drop"/)
    writeFileSync(sample, '{}\n[1]\n')
    await expect(newContract('weights', sample, folder, { doc: 'x' })).rejects.toThrow('line 2 is no JSON object')
  })
})

describe('a column that may say who somebody is, is never kept', () => {
  it.each<[string, readonly string[], string]>([
    ['numero_echantillon', six((n) => n), 'string direct drop'],
    ['valeur', six((n) => 800_000 + n), 'string direct drop'],
    ['mesure', six((n) => 10 * n), 'string direct drop'],
    ['annee', ['1950', '1951', '1950', '1960', '1972', '1980'], 'string trait drop'],
    ['annee naissance', ['50', '51', '50', '60', '72', '80'], 'string trait drop'],
    ['mesure', ['70.5'], 'string direct drop'],
    ['service', ['DUPONT', 'DUPONT', 'MARTIN', 'MARTIN', 'MARTIN', 'ROUX'], 'string text drop'],
    ['prescripteur', ['A', 'A', 'B', 'B', 'B', 'C'], 'string professional drop'],
    ['diagnostic', ['E119', 'E119', 'E119', 'E119', 'MARTIN', 'E119'], 'string text drop'],
    ['chambre', six((n) => 100 + n), 'string direct drop'],
    ['libre', ['x', 'y', 'jean@exemple.fr'], 'string direct drop'],
    ['sexe', ['M', 'F', 'MARTIN', 'M', 'F', 'M'], 'string trait drop'],
    ['vide', [], 'string text drop'],
    ['age', ['70', '71', '70', '12', '3', '70'], 'integer none generalise'],
  ])('%s', (column, values, expected) => {
    expect(privacyOf(column, values)).toBe(expected)
  })
  it('whatever the columns, the contract is valid, and a kept string has a guard of a public code system', () => {
    const column = fc.tuple(
      fc.oneof(
        fc.string(),
        fc.constantFrom('IPP', 'nom', 'code', 'date', 'diag', 'sexe', 'âge', '', '_x', 'record_id', 'Acte'),
      ),
      fc.array(fc.oneof(fc.string(), fc.constantFrom('E119', '12', '1.5', '2020-01-01', 'true', 'M')), {
        maxLength: 8,
      }),
    )
    fc.assert(
      fc.property(fc.array(column, { maxLength: 6 }), (columns) => {
        const sample = columns.map(([name, values]) => ({ name, values: values.filter(Boolean), rows: 8 }))
        const { contract } = proposeContract('sample', 'A sample', sample)
        const result = parseContract('sample', contractText(contract))
        expect(result.ok ? [] : result.problems).toEqual([])
        for (const { privacy, type } of contract.fields)
          if (privacy.action === 'keep' && JSON.stringify(type).includes('"string"'))
            expect(privacy.guard?.every(({ codes = [] }) => codes.length === 1)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})
