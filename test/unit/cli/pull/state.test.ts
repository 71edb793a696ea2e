/** The position of a source, and its address. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addressOf } from '../../../../services/cli/pull/database.ts'
import { tableStatement } from '../../../../services/cli/pull/run.ts'
import { stateFile } from '../../../../services/cli/pull/state.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-pull-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what is saved is read, by what it belongs to; a damaged position is not the start', () => {
  const file = (feed: string, restart = false) => stateFile(folder, 'host/db', [feed], restart)
  expect(file('a').read()).toEqual({ cursor: undefined, sending: undefined, rows: 0 })
  file('a').save({ cursor: ['2025-01-01', '7'], sending: undefined, rows: 3 })
  file('b').save({ cursor: undefined, sending: ['x'], rows: 0 })
  expect(file('a').read()).toEqual({ cursor: ['2025-01-01', '7'], sending: undefined, rows: 3 })
  expect(file('b').read()).toEqual({ cursor: undefined, sending: ['x'], rows: 0 })
  for (const name of readdirSync(join(folder, 'pull'))) {
    expect(readFileSync(join(folder, 'pull', name), 'utf8')).toMatch(/\n$/)
    writeFileSync(join(folder, 'pull', name), '{"cursor":')
  }
  expect(() => file('a').read()).toThrow(/damaged; --restart/)
  expect(file('a', true).read().rows).toBe(0)
})

test('an address has no password on the command line, and may have one in a file', () => {
  expect(addressOf('postgres://reader@edw/clinic?sslmode=verify-full', undefined)).toMatchObject({
    name: 'edw:5432/clinic',
  })
  const file = join(folder, 'address')
  writeFileSync(file, 'postgresql://reader:zqx@edw:6000/clinic?sslmode=require\n')
  expect(addressOf(undefined, file)).toEqual({ url: expect.stringContaining('zqx'), name: 'edw:6000/clinic' })
  for (const [argument, of] of [
    ['postgres://reader:zqx@edw/clinic', undefined],
    ['postgres://reader@edw/clinic?password=zqx', undefined],
    ['mysql://reader@edw/clinic', undefined],
    ['postgres://reader@edw/', undefined],
    ['zqx', undefined],
    [undefined, undefined],
    ['postgres://edw/clinic', file],
    [undefined, join(folder, 'none')],
  ] as const)
    try {
      addressOf(argument, of)
      expect.unreachable()
    } catch (error) {
      expect(String((error as Error).message)).toMatch(/^The address of the database is wrong/)
      expect(JSON.stringify(error)).not.toContain('zqx')
    }
})

test('records go unencrypted to no other machine, unless the address says so', () => {
  for (const local of ['localhost', '127.0.0.1', '[::1]'])
    expect(addressOf(`postgres://reader@${local}/clinic`, undefined).url).toContain('clinic')
  expect(addressOf('postgres://reader@edw/clinic?host=/run/postgresql', undefined).url).toContain('clinic')
  expect(() => addressOf('postgres://reader@localhost/clinic?host=edw', undefined)).toThrow(/sslmode=verify-full/)
  for (const mode of ['require', 'verify-ca', 'verify-full', 'disable'])
    expect(addressOf(`postgres://reader@edw/clinic?sslmode=${mode}`, undefined).url).toContain(mode)
  for (const mode of [
    '',
    '?sslmode=',
    '?sslmode=prefer',
    '?sslmode=allow',
    '?sslmode=no-verify',
    '?ssl=false',
    '?host=other',
  ])
    expect(() => addressOf(`postgres://reader@edw/clinic${mode}`, undefined), mode).toThrow(/sslmode=verify-full/)
})

test('a name of a table is a name, whatever is in it', () => {
  expect(tableStatement('lab.result')).toBe('SELECT * FROM "lab"."result"')
  expect(tableStatement('a"; DROP TABLE b; --')).toBe('SELECT * FROM "a""; DROP TABLE b; --"')
})
