/** The command line of `chainon link evaluate`, as a process. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { node24 } from '../../../deploy/local/paths.ts'

const MAIN = resolve(import.meta.dirname, '../../../services/linker/evaluate/main.ts')
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'chainon-link-main-'))
  writeFileSync(
    join(dir, 'a.csv'),
    'id,first,last,born\n1,Ana,Martin,01/31/1980\n"2,b",Ana,Martin,01/31/1980\n3,Paul,Durand,12/02/1975\n',
  )
  writeFileSync(join(dir, 'links.csv'), 'x,y\n1,"2,b"\n')
  const traits = { given_name: 'first', family_name: 'last', birth_date: 'born' }
  writeFileSync(join(dir, 'fields.json'), JSON.stringify({ id: 'id', traits }))
})
afterAll(() => rmSync(dir, { recursive: true }))

const call = (command: string, ...flags: string[]) =>
  spawnSync(node24(), [MAIN, command, dir, ...flags], { encoding: 'utf8', env: { PATH: process.env.PATH } })
const run = (...flags: string[]) => call('evaluate', ...flags)

test('a set of three records, in another order and with threads that encode; which person a record is of', () => {
  const file = join(dir, 'persons.csv')
  const { status, stdout } = run('--shuffle', '3', '--workers', '2', '--persons', file)
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ records: 3, true_pairs: 1, order: 'shuffled 3', workers: 2, notes: [] })
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toBe('record,person')
  expect(lines[2]).toMatch(/^"2,b",/)
  expect(lines[3]).toBe('3,3')
}, 60_000)

test('a model that was learnt elsewhere is used, with frequencies of the records or without; one of the former form is not', () => {
  const file = join(dir, 'model.json')
  expect(call('train', '--out', file).status).toBe(0)
  const assumed = (...flags: string[]) =>
    (JSON.parse(run('--model', file, ...flags).stdout) as { readonly assumptions: unknown }).assumptions
  expect(assumed()).toEqual(['equal values weigh by how frequent they are among these records'])
  expect(assumed('--no-frequencies')).toEqual(['equal values of a trait weigh alike'])
  writeFileSync(file, readFileSync(file, 'utf8').replace('"format":2', '"format":1'))
  const { status, stderr } = run('--model', file)
  expect([status, stderr.includes('former form')]).toEqual([78, true])
}, 60_000)

test('what is wrong with the flags is said, with exit status 78', () => {
  const { status, stderr } = run('--passes', 'phone,name', '--store', 'disk')
  expect(status).toBe(78)
  expect(stderr).toContain("--store must be 'memory' or 'redis'")
  expect(run('--passes', 'name').stderr).toContain("--passes: 'name' is none with these traits; did you mean 'names'?")
}, 60_000)

test('the pace is measured on an index in Redis alone', () => {
  const { status, stderr } = spawnSync(node24(), [MAIN, 'pace', dir, '--model', 'm.json', '--index', 'Main'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  expect(status).toBe(78)
  expect(stderr).toContain('REDIS_URL is missing')
  expect(stderr).toContain('--index must be 1 to 40 of a-z, 0-9 and -')
}, 60_000)
