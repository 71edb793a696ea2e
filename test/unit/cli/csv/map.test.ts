/** `chainon map` and `push --mapping --dry-run`, as a user runs them. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'chainon-map-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function chainon(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['services/cli/main.ts', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  return { status, stdout, stderr }
}

test('a mapping is proposed, saved and used; what is refused is named by line and column, without its value', () => {
  const csv = join(folder, 'labs.csv')
  const yaml = join(folder, 'labs.yaml')
  writeFileSync(
    csv,
    Buffer.from(
      'Id;IPP;Code LOINC;Date prélèvement;Résultat;Unité;Libellé\n1;7;718-7;06/05/2024 07:08;13,5;g/dL;Hémoglobine\n2;7;718-7;07/05/2024 07:08;négatif;g/dL;Hémoglobine\n'.repeat(
        1,
      ),
      'latin1',
    ),
  )
  const many = Array.from({ length: 20 }, (_, at) => `${at + 3};7;718-7;06/05/2024 07:08;13,5;g/dL;x\n`).join('')
  writeFileSync(csv, many, { flag: 'a' })
  const mapped = chainon('map', csv, '--feed', 'observation', '--save', yaml)
  expect(mapped.status, mapped.stderr).toBe(1)
  expect(mapped.stdout).toMatch(/^line 2: \{"record_id":"1","patient_ipp":"7","code_system":"loinc","code":"718-7"/m)
  expect(mapped.stdout).toMatch(/columns without a field: Libellé/)
  expect(mapped.stdout).toMatch(/of its first 22 rows 21 valid, 1 rejected/)
  expect(mapped.stderr).toMatch(
    /labs\.csv:3 {2}column Résultat {2}type: .* Allowed: a number, with ',' before its decimals\./,
  )
  expect(mapped.stderr).not.toMatch(/négatif/)
  expect(readFileSync(yaml, 'utf8')).toMatch(/encoding: windows-1252\ndelimiter: ;\n/)
  const checked = chainon('push', 'observation', csv, '--mapping', yaml, '--dry-run')
  expect(checked.stdout).toBe(`${csv}: 21 valid, 1 rejected\n`)
  expect(checked.stderr).toMatch(/columns that the mapping does not use: Libellé/)
  expect(chainon('push', 'observation', csv, '--dry-run').stderr).toMatch(/it needs --mapping FILE/)
})
