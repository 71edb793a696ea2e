/** `chainon pull` with a real PostgreSQL and a gateway: what is in the table is in the log, once. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runToEnd } from '../../helpers/gateway.ts'
import { hasPostgres, type OwnPostgres, startOwnPostgres } from '../../helpers/own-postgres.ts'
import { storedRecords } from './gateway-reads.ts'

export interface PullContext {
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  readonly namespace: string
  readonly url: string
  readonly key: string
}

const QUERY = `SELECT 'lab-' || id AS record_id, patient AS patient_ipp, system AS code_system, code, taken AS effective_at, result AS value_number,
  changed AS record_version, changed, id FROM lab;`
const TABLE = `CREATE TYPE system AS ENUM ('loinc', 'other');
  CREATE TABLE lab (id bigint, patient int, system system, code char(10), taken timestamptz, result numeric, changed timestamptz, tags text[])`

export function pullCases(context: () => PullContext): void {
  describe.runIf(hasPostgres)('a pull', () => {
    let postgres: OwnPostgres
    beforeAll(async () => {
      postgres = await startOwnPostgres()
      await postgres.run(TABLE)
    })
    afterAll(() => postgres.stop())

    const pull = (args: readonly string[], password = postgres.password) => {
      const { env, folder, key, url } = context()
      const all = ['pull', postgres.url, '--feed', 'observation', ...args, '--url', url, '--key', key]
      return runToEnd('services/cli/chainon.mjs', [...all, '--data-dir', folder], { ...env, PGPASSWORD: password })
    }
    const byQuery = (...more: readonly string[]) =>
      pull(['--query', QUERY, '--cursor', 'changed,id', '--batch-records', '4', ...more])
    const stored = async () => {
      const { env, namespace } = context()
      const records = await storedRecords(env, namespace, 'observation')
      return records
        .flatMap(({ record }) => (record ? [record] : []))
        .filter(({ record_id: id }) => String(id).startsWith('lab-'))
    }
    const insert = (from: number, to: number) =>
      postgres.run(`INSERT INTO lab SELECT i, 8000123, 'loinc', '718-7', '2025-03-01 10:00:00.25+02'::timestamptz + i * interval '1 minute', i + 0.1,
        '2025-03-02 00:00:00+00'::timestamptz + (i / 7) * interval '1 hour', '{a,b}' FROM generate_series(${from}, ${to}) AS i`)

    test('reads what is new, in batches that end between values of the cursor, and refuses a number that would be rounded', async () => {
      await insert(1, 10)
      await postgres.run(
        "INSERT INTO lab VALUES (11, 8000123, 'loinc', '718-7', '2025-03-01 10:00+00', 0.12345678901234567890, '2025-03-02 01:00+00', NULL), (12, 1, 'loinc', '718-7', '2025-03-01 10:00+00', 1, NULL, NULL)",
      )
      const checked = await byQuery('--dry-run')
      expect(checked.stdout).toMatch(/: 10 valid, 1 rejected\n$/)
      const { status, stdout, stderr } = await byQuery()
      expect(stdout).toMatch(/: 11 rows, 10 accepted, 1 rejected\n$/)
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/1 rows without a value of the cursor are never read/),
      ])
      expect(stderr).toMatch(/:11 {2}column value_number {2}number-range: /)
      expect(stderr + stdout).not.toContain('0.1234')
      const records = await stored()
      expect(records).toHaveLength(10)
      expect(records.find(({ record_id: id }) => id === 'lab-7')).toMatchObject({
        patient_ipp: '8000123',
        code_system: 'loinc',
        code: '718-7',
        effective_at: Date.parse('2025-03-01T08:07:00.250Z'),
        value_number: 7.1,
        record_version: Date.parse('2025-03-02T01:00:00Z'),
      })
      await insert(20, 22)
      expect((await byQuery()).stdout).toMatch(/: 3 rows, 3 accepted, 0 rejected\n$/)
      expect(await stored()).toHaveLength(13)
    })

    test('killed between receipt and position: the same request again, and no record twice', async () => {
      const { folder } = context()
      const [name = ''] = readdirSync(join(folder, 'pull'))
        .map((file) => join(folder, 'pull', file))
        .filter((file) => readFileSync(file, 'utf8').includes('"rows":14'))
      const before = JSON.parse(readFileSync(name, 'utf8')) as { cursor: readonly string[] }
      // What is on the disk from before a batch is sent until after its receipt.
      await insert(30, 32)
      expect((await byQuery()).stdout).toMatch(/: 3 rows, 3 accepted/)
      const { cursor: sending } = JSON.parse(readFileSync(name, 'utf8')) as { cursor: readonly string[] }
      writeFileSync(name, JSON.stringify({ source: 'x', rows: 14, cursor: before.cursor, sending }))
      await insert(40, 40)
      expect((await byQuery()).stdout).toMatch(/: 4 rows, 4 accepted/)
      const ids = (await stored()).map(({ record_id: id }) => id)
      expect([ids.length, new Set(ids).size]).toEqual([17, 17])
    })

    test('an array, a wrong password and a value that a statement fails on are said, without a value', async () => {
      const array = await pull(['--table', 'lab', '--cursor', 'id'])
      expect([array.status, array.stderr]).toEqual([78, expect.stringContaining('column tags is an array (_text)')])
      const { status, stderr } = await pull(['--table', 'lab', '--cursor', 'id'], 'not the password')
      expect([status, stderr]).toEqual([78, expect.stringContaining('SQLSTATE 28P01')])
      expect(stderr).not.toContain('not the password')
      const cast = await pull([
        '--query',
        "SELECT 1 AS record_id, 'zqx' || id AS code, (code || 'zqx')::int AS patient_ipp, 'loinc' AS code_system, taken AS effective_at, id FROM lab",
        '--cursor',
        'id',
      ])
      expect([cast.status, cast.stderr]).toEqual([78, expect.stringContaining('SQLSTATE 22P02')])
      expect(cast.stderr).not.toContain('zqx"')
    })
  })
}
