/** What a killed or interrupted build leaves, and what a reader of the project sees meanwhile. */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  projectFile,
  runExtract,
  startExtract,
  type TestWarehouse,
  testWarehouse,
} from '../helpers/extract-warehouse.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'

/** Projects are databases of the whole server, so each run of the tests has its own. */
const tag = randomBytes(4).toString('hex')
const id = (name: string) => `t${tag}_${name}`

interface Built {
  readonly run: string
  readonly directory: string
  readonly tables: readonly { readonly rows: number }[]
}

let own: Isolated
let big: TestWarehouse

beforeAll(async () => {
  own = isolated()
  big = await testWarehouse(own)
  await observations(0, 2000)
})
afterAll(async () => {
  await big.client.close()
  own.remove()
})

/** Adds observations of 50 patients. */
async function observations(from: number, count: number): Promise<void> {
  await big.client.command({
    query: `INSERT INTO feed_observation (record_id, operation, patient_id, code_system, code, effective_at, value_number, _producer)
      SELECT concat('p2_', leftPad(toString(number), 43, 'r')), 'upsert', concat('p2_', leftPad(toString(number % 50), 43, 'x')), 'loinc', '4548-4',
        toDateTime64('2020-01-01 00:00:00', 3, 'UTC') + number, number / 3, 'chu-a' FROM numbers(${from}, ${count})`,
  })
}

const fileOf = (name: string) =>
  projectFile(own, id(name), {
    cohort: { all_of: [{ feed: 'observation' }] },
    tables: [{ feed: 'observation', columns: ['record_id', 'code', 'effective_at', 'value_number'] }],
  })
const databases = async (name: string) =>
  (await big.query(`SELECT name FROM system.databases WHERE name LIKE 'project_${id(name)}%'`))
    .split('\n')
    .filter(Boolean)
const runs = (name: string) => readdirSync(join(own.folder, 'projects', id(name))).toSorted()

describe('a build that is killed', () => {
  test('between the two renames: the first rename is reverted', async () => {
    const file = fileOf('renamed')
    const built = JSON.parse((await runExtract(own, ['extract', file, '--json'])).stdout) as Built
    const database = `project_${id('renamed')}`
    await big.client.command({ query: `RENAME DATABASE ${database} TO ${database}__old_1` })
    await big.client.command({ query: `CREATE DATABASE ${database}__building_1` })
    const dry = await runExtract(own, ['extract', file, '--dry-run', '--json'])
    expect(JSON.parse(dry.stdout)).toMatchObject({ replaces: built.run })
    expect(await databases('renamed')).toEqual([database])
  })

  test('by kill -9 while it writes: readers keep the old state, the next run removes the leftovers and succeeds', async () => {
    const file = fileOf('killed')
    const old = JSON.parse((await runExtract(own, ['extract', file, '--json'])).stdout) as Built
    await observations(2000, 118_000)
    const killed = startExtract(own, ['extract', file])
    await killed.until(/table 1\/1 observation: [1-9]\d* of 120000 rows/)
    // Suspended, it has the project for as long as the second one takes to start.
    killed.child.kill('SIGSTOP')
    const second = await runExtract(own, ['extract', file])
    expect([second.code, second.stderr]).toEqual([
      75,
      expect.stringContaining('another extraction of this project runs'),
    ])
    killed.child.kill('SIGKILL')
    await killed.ended
    expect(killed.child.signalCode).toBe('SIGKILL')
    expect((await databases('killed')).length).toBe(3)
    expect(await big.query(`SELECT count() FROM project_${id('killed')}.observation`)).toBe('2000')
    const next = startExtract(own, ['extract', file, '--json'])
    const seen = await watch(`project_${id('killed')}.observation`, next.ended)
    const done = await next.ended
    expect(done.code).toBe(0)
    const built = JSON.parse(done.stdout) as Built
    expect(built.tables[0]?.rows).toBe(120_000)
    // The old state, the new one, or for a moment none: never an incomplete one.
    expect([...seen].filter((count) => !['2000', '120000', 'none'].includes(count))).toEqual([])
    expect(seen).toContain('2000')
    expect(await databases('killed')).toEqual([`project_${id('killed')}`])
    expect(runs('killed')).toEqual([old.run, built.run])
    expect((await runExtract(own, ['verify', built.directory])).code).toBe(0)
  })

  test('by SIGTERM: it removes what it has built', async () => {
    const stopped = startExtract(own, ['extract', fileOf('stopped')])
    await stopped.until(/table 1\/1 observation: 0 of/)
    stopped.child.kill('SIGTERM')
    const ended = await stopped.ended
    expect([ended.code, ended.stderr]).toEqual([75, expect.stringContaining('interrupted')])
    expect(await databases('stopped')).toEqual([])
    expect(runs('stopped')).toEqual([])
  })
})

/** @returns every answer that a reader got until `until` resolved */
async function watch(table: string, until: Promise<unknown>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  let hasEnded = false
  const end = until.then(() => {
    hasEnded = true
  })
  while (!hasEnded) {
    seen.add(await big.query(`SELECT count() FROM ${table}`).catch(() => 'none'))
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 20))])
  }
  return seen
}
