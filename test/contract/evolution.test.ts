/** A feed is one file. A changed file is checked before any record is accepted: with the real registry, Kafka and ClickHouse. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runToEnd } from '../helpers/gateway.ts'
import { deleteGroup } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { askRegistry } from '../helpers/registry.ts'
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
/** The feeds that the tests use: fewer topics are created and assigned faster. */
const USED_FEEDS = ['document', 'encounter', 'observation', 'procedure']
const KEEP = { class: 'none', action: 'keep' }
const KEEP_COUNT = { ...KEEP, guard: [{ min: 0, max: 10_000_000_000 }] }
const KEEP_SIDE = { ...KEEP, guard: [{ values: ['left', 'right'] }] }
let pipeline: Pipeline

beforeAll(async () => {
  const shipped = fileURLToPath(new URL('../../schemas/feeds/', import.meta.url))
  for (const feed of USED_FEEDS) cpSync(join(shipped, `${feed}.avsc`), fileOf(feed))
  // The log is loaded again after a short wait: a batch of the lost group could still be inserting.
  pipeline = await startPipeline({ CHAINON_FEEDS_DIR: feeds, CHAINON_INTENT_DEADLINE_SECONDS: '10' })
})
afterAll(async () => {
  await pipeline?.stop()
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
const provision = () => runToEnd('services/provision/main.ts', [], pipeline.env)
const columnType = async (feed: string, column: string) => {
  const rows = await pipeline.rows<{ type: string }>(
    `SELECT type FROM system.columns WHERE database = currentDatabase() AND table = 'feed_${feed}' AND name = '${column}'`,
  )
  return rows[0]?.type
}
async function restartWorkers(): Promise<void> {
  const names = ['gateway', 'deidentify', 'curate'] as const
  await Promise.all(names.map((name) => pipeline.services[name].stop()))
  await Promise.all(names.map(async (name) => Object.assign(pipeline.services, { [name]: await pipeline.start(name) })))
}

describe('a contract with new fields or wider types', () => {
  test('a new field with a default becomes a column, and earlier records stay readable', async () => {
    await pipeline.push('chu', 'procedure', [recordOf('procedure', 'old', 'ipp')])
    await pipeline.completeLedger()
    edit('procedure', ({ fields }) => {
      fields.push({ name: 'side', type: ['null', 'string'], default: null, doc: 'Side', privacy: KEEP_SIDE })
      fields.push({ name: 'count', type: 'int', default: 1, doc: 'How often', privacy: KEEP_COUNT })
    })
    expect(await provision()).toMatchObject({ status: 0 })
    expect([await columnType('procedure', 'side'), await columnType('procedure', 'count')]).toEqual([
      'Nullable(String)',
      'Int32',
    ])

    // From the beginning of the log, into an empty warehouse: the old bytes are read with the new schema.
    await Promise.all(['deidentify', 'curate'].map((name) => pipeline.services[name as 'curate'].stop()))
    for (const table of ['feed_procedure', 'ledger_batch'])
      await pipeline.clickhouse.command({ query: `TRUNCATE TABLE ${table}` })
    await deleteGroup(pipeline.env, `${pipeline.place.namespace}curate`)
    await restartWorkers()
    await pipeline.push('chu', 'procedure', [recordOf('procedure', 'new', 'ipp', { side: 'left', count: 2 })])
    await pipeline.completeLedger()
    expect(await pipeline.rows('SELECT side, count FROM procedure ORDER BY count')).toEqual([
      { side: null, count: 1 },
      { side: 'left', count: 2 },
    ])
  })

  test('a wider type widens its column, and values beyond the old type are loaded without loss', async () => {
    const older = join(folder, 'older')
    cpSync(feeds, older, { recursive: true })
    edit('procedure', (contract) => Object.assign(field(contract, 'count'), { type: 'long' }))
    edit('encounter', (contract) =>
      Object.assign(field(contract, 'kind'), { type: ['null', field(contract, 'kind').type], default: null }),
    )
    expect(await provision()).toMatchObject({ status: 0 })
    expect(await columnType('procedure', 'count')).toBe('Int64')
    const diff = await runToEnd('services/cli/main.ts', ['feeds', 'diff', fileOf('procedure')], pipeline.env)
    expect([diff.status, diff.stdout]).toEqual([
      0,
      'procedure\n  identified: since version 3: no changes\n  pseudonymised: since version 3: no changes\n',
    ])
    expect(await columnType('encounter', 'kind')).toBe('LowCardinality(Nullable(String))')
    await restartWorkers()
    await pipeline.services.deidentify.stop()
    await pipeline.push('chu', 'procedure', [recordOf('procedure', 'wide', 'ipp', { count: 5_000_000_000 })])
    // A service with the older contract stops this feed with a message: it must not quarantine newer records as damaged.
    const stale = await pipeline.start('deidentify', { CHAINON_FEEDS_DIR: older })
    await expect
      .poll(() => stale.alarms())
      .toMatchObject([
        {
          code: 'configuration',
          feed: 'procedure',
          message: expect.stringContaining('org.chainon.feed.identified.Procedure'),
        },
      ])
    await stale.stop()
    pipeline.services.deidentify = await pipeline.start('deidentify')
    await pipeline.push('chu', 'encounter', [recordOf('encounter', 'null', 'ipp', { kind: null })])
    await pipeline.completeLedger()
    expect(await pipeline.rows('SELECT toString(count) AS text FROM procedure WHERE count > 2')).toEqual([
      { text: '5000000000' },
    ])
    expect(await pipeline.rows('SELECT kind FROM encounter')).toEqual([{ kind: null }])
  })
})

describe('a contract that cannot read the records of the log', () => {
  test.each<[string, (contract: Contract) => void, string]>([
    [
      'a field that had a default for the first records loses it',
      (contract) => delete field(contract, 'count').default,
      '! count +added',
    ],
    [
      'a type changes',
      (contract) =>
        Object.assign(field(contract, 'code'), { type: 'long', privacy: KEEP, rules: [], maxLength: undefined }),
      '! code +type +string or null -> long|! code +type +string -> long',
    ],
    [
      'a new field has no default',
      ({ fields }) => void fields.push({ name: 'more', type: 'string', doc: 'More', privacy: KEEP_SIDE }),
      '! more +added +string',
    ],
  ])(
    '%s: rejected with 78; the message names the subject, and `feeds check` the field',
    async (_name, change, line) => {
      const before = readFileSync(fileOf('procedure'))
      edit('procedure', change)
      const [{ status, stderr }, checked] = await Promise.all([
        provision(),
        runToEnd('services/cli/main.ts', ['feeds', 'check', fileOf('procedure')], pipeline.env),
      ])
      expect([checked.status, checked.stdout]).toEqual([1, expect.stringMatching(new RegExp(line))])
      writeFileSync(fileOf('procedure'), before)
      expect([status, stderr]).toEqual([
        78,
        expect.stringMatching(
          new RegExp(`The schema of ${pipeline.place.namespace}(identified|pseudonymised).procedure-value`),
        ),
      ])
    },
  )

  test('a field without privacy: provision and the services do not start, and each message names the field', async () => {
    const before = readFileSync(fileOf('document'))
    edit('document', (contract) => delete field(contract, 'title').privacy)
    const services = ['gateway', 'deidentify', 'curate'] as const
    const ended = await Promise.all([
      provision().then(({ status, stderr }) => ({ status, log: stderr })),
      ...services.map((name) => failingService(name, pipeline.env)),
    ])
    writeFileSync(fileOf('document'), before)
    for (const { status, log } of ended)
      expect([status, log]).toEqual([78, expect.stringContaining("document.avsc: field 'title': lacks 'privacy'")])
  })
})

test('a new file is a new feed, without any other change', async () => {
  const contract = read('observation')
  writeFileSync(fileOf('vital_sign'), JSON.stringify({ ...contract, name: 'VitalSign' }))
  expect(await provision()).toMatchObject({ status: 0 })
  await restartWorkers()
  await pipeline.push('chu', 'vital_sign', [recordOf('observation', 'vital', 'ipp')])
  await expect
    .poll(() => pipeline.rows('SELECT code, value_number FROM vital_sign'))
    .toEqual([{ code: '718-7', value_number: 13.5 }])
  const subjects = (await (await askRegistry(pipeline.env, '/subjects')).json()) as string[]
  for (const zone of ['identified', 'pseudonymised'])
    expect(subjects).toContain(`${pipeline.place.namespace}${zone}.vital_sign-value`)
})
