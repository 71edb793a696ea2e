/** A feed is one file, and a changed file is checked before anything is taken: against the real registry, Kafka and ClickHouse. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runToEnd } from '../helpers/gateway.ts'
import { forgetGroup } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { failingService, type Pipeline, startPipeline } from '../helpers/services.ts'

interface Field {
  name: string
  type: unknown
  [attribute: string]: unknown
}
interface Contract {
  name: string
  fields: Field[]
}

const folder = mkdtempSync(join(tmpdir(), 'chainon-feeds-'))
const feeds = join(folder, 'feeds')
/** Those that the tests speak of: fewer topics are made and assigned sooner. */
const FEW = ['document', 'encounter', 'observation', 'procedure']
const KEEP = { class: 'none', action: 'keep' }
let line: Pipeline

beforeAll(async () => {
  const shipped = fileURLToPath(new URL('../../schemas/feeds/', import.meta.url))
  for (const feed of FEW) cpSync(join(shipped, `${feed}.avsc`), fileOf(feed))
  line = await startPipeline({ CHAINON_FEEDS_DIR: feeds })
}, 120_000)
afterAll(async () => {
  await line?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const fileOf = (feed: string) => join(feeds, `${feed}.avsc`)
const read = (feed: string) => JSON.parse(readFileSync(fileOf(feed), 'utf8')) as Contract
function edit(feed: string, change: (contract: Contract) => void): void {
  const contract = read(feed)
  change(contract)
  writeFileSync(fileOf(feed), JSON.stringify(contract))
}
const field = (contract: Contract, name: string): Field => {
  const found = contract.fields.find((one) => one.name === name)
  if (!found) throw new Error(`no field ${name}`)
  return found
}
const provision = () => runToEnd('services/provision/main.ts', [], line.env)
const columnType = async (feed: string, column: string) => {
  const rows = await line.rows<{ type: string }>(
    `SELECT type FROM system.columns WHERE database = currentDatabase() AND table = 'feed_${feed}' AND name = '${column}'`,
  )
  return rows[0]?.type
}
async function restartWorkers(): Promise<void> {
  const names = ['gateway', 'deidentify', 'curate'] as const
  await Promise.all(names.map((name) => line.services[name].stop()))
  await Promise.all(names.map(async (name) => Object.assign(line.services, { [name]: await line.start(name) })))
}

describe('a contract that grows', () => {
  test('a new field with a default becomes a column, and what was written before stays readable', async () => {
    await line.push('chu', 'procedure', [recordOf('procedure', 'old', 'ipp')])
    await line.settled()
    edit('procedure', ({ fields }) => {
      fields.push({ name: 'side', type: ['null', 'string'], default: null, doc: 'Side', privacy: KEEP })
      fields.push({ name: 'count', type: 'int', default: 1, doc: 'How often', privacy: KEEP })
    })
    expect(await provision()).toMatchObject({ status: 0 })
    expect([await columnType('procedure', 'side'), await columnType('procedure', 'count')]).toEqual([
      'Nullable(String)',
      'Int32',
    ])

    // From the beginning of the log, into an emptied warehouse: the old bytes are read with the new schema.
    await Promise.all(['deidentify', 'curate'].map((name) => line.services[name as 'curate'].stop()))
    for (const table of ['feed_procedure', 'ledger_batch'])
      await line.clickhouse.command({ query: `TRUNCATE TABLE ${table}` })
    await forgetGroup(line.env, `${line.place.namespace}curate`)
    await restartWorkers()
    await line.push('chu', 'procedure', [recordOf('procedure', 'new', 'ipp', { side: 'left', count: 2 })])
    await line.settled()
    expect(await line.rows('SELECT side, count FROM procedure ORDER BY count')).toEqual([
      { side: null, count: 1 },
      { side: 'left', count: 2 },
    ])
  })

  test('a type that widens widens its column, and values beyond the old type arrive whole', async () => {
    const older = join(folder, 'older')
    cpSync(feeds, older, { recursive: true })
    edit('procedure', (contract) => Object.assign(field(contract, 'count'), { type: 'long' }))
    edit('encounter', (contract) =>
      Object.assign(field(contract, 'kind'), { type: ['null', field(contract, 'kind').type], default: null }),
    )
    expect(await provision()).toMatchObject({ status: 0 })
    expect(await columnType('procedure', 'count')).toBe('Int64')
    expect(await columnType('encounter', 'kind')).toBe('LowCardinality(Nullable(String))')
    await restartWorkers()
    await line.services.deidentify.stop()
    await line.push('chu', 'procedure', [recordOf('procedure', 'wide', 'ipp', { count: 5_000_000_000 })])
    // A service left behind on the older contract stops and says so: newer records are not damaged ones.
    const stale = await failingService('deidentify', { ...line.env, CHAINON_FEEDS_DIR: older })
    expect([stale.status, stale.log]).toEqual([78, expect.stringContaining('org.chainon.feed.identified.Procedure')])
    line.services.deidentify = await line.start('deidentify')
    await line.push('chu', 'encounter', [recordOf('encounter', 'null', 'ipp', { kind: null })])
    await line.settled()
    expect(await line.rows('SELECT toString(count) AS text FROM procedure WHERE count > 2')).toEqual([
      { text: '5000000000' },
    ])
    expect(await line.rows('SELECT kind FROM encounter')).toEqual([{ kind: null }])
  })
})

describe('a contract that could not read what was written', () => {
  test.each<[string, (contract: Contract) => void]>([
    [
      'a field that had a default for the first records loses it',
      (contract) => delete field(contract, 'count').default,
    ],
    [
      'a type changes',
      (contract) => Object.assign(field(contract, 'code'), { type: 'long', rules: [], maxLength: undefined }),
    ],
    [
      'a new field has no default',
      ({ fields }) => void fields.push({ name: 'more', type: 'string', doc: 'More', privacy: KEEP }),
    ],
  ])('%s: rejected with 78, naming the subject', async (_name, change) => {
    const before = readFileSync(fileOf('procedure'))
    edit('procedure', change)
    const { status, stderr } = await provision()
    writeFileSync(fileOf('procedure'), before)
    expect([status, stderr]).toEqual([
      78,
      expect.stringMatching(
        new RegExp(`The schema of ${line.place.namespace}(identified|pseudonymised).procedure-value`),
      ),
    ])
  })

  test('a field without privacy: neither provision nor any service starts, and each names the field', async () => {
    const before = readFileSync(fileOf('document'))
    edit('document', (contract) => delete field(contract, 'title').privacy)
    const services = ['gateway', 'deidentify', 'curate'] as const
    const ended = await Promise.all([
      provision().then(({ status, stderr }) => ({ status, log: stderr })),
      ...services.map((name) => failingService(name, line.env)),
    ])
    writeFileSync(fileOf('document'), before)
    for (const { status, log } of ended)
      expect([status, log]).toEqual([78, expect.stringContaining("document.avsc: field 'title': lacks 'privacy'")])
  })
})

test('a new file is a new feed, with nothing else edited', async () => {
  const contract = read('observation')
  writeFileSync(fileOf('vital_sign'), JSON.stringify({ ...contract, name: 'VitalSign' }))
  expect(await provision()).toMatchObject({ status: 0 })
  await restartWorkers()
  await line.push('chu', 'vital_sign', [recordOf('observation', 'vital', 'ipp')])
  await expect
    .poll(() => line.rows('SELECT code, value_number FROM vital_sign'), { timeout: 20_000 })
    .toEqual([{ code: '718-7', value_number: 13.5 }])
  const subjects = (await (await fetch(`${line.env.SCHEMA_REGISTRY_URL}/subjects`)).json()) as string[]
  for (const zone of ['identified', 'pseudonymised'])
    expect(subjects).toContain(`${line.place.namespace}${zone}.vital_sign-value`)
})
