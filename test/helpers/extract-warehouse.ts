/** A small warehouse with known persons, and the extract service as a process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { loadContracts } from '#core/contract/load.ts'
import { quote, tableStatements } from '#core/contract/table.ts'
import { journalTopic } from '#core/journal/send.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { applyRights } from '../../services/provision/rights.ts'
import { testKafka } from './kafka.ts'
import { type Isolated, withLogin } from './servers.ts'

const ROOT = join(import.meta.dirname, '../..')

/** @returns a second-level pseudonym of an invented person or record */
export function p2(name: string): string {
  return `p2_${createHash('sha256').update(name).digest('base64url')}`
}

export interface TestWarehouse {
  readonly client: ClickHouseClient
  insert(feed: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void>
  link(patient: string, person: string, method: string, version: number): Promise<void>
  /** What the linker has told of a record of a patient. */
  score(
    patient: string,
    record: string,
    person: string,
    version: number,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<void>
  /** @returns the rows, tab-separated */
  query(query: string): Promise<string>
}

/** Creates the database of `place` with the real table definitions. */
export async function testWarehouse(place: Isolated): Promise<TestWarehouse> {
  const config = {
    CLICKHOUSE_URL: place.env.CLICKHOUSE_URL ?? '',
    CLICKHOUSE_TLS_CA_FILE: '',
    CLICKHOUSE_USER: place.env.CLICKHOUSE_USER || 'default',
    CLICKHOUSE_PASSWORD: place.env.CLICKHOUSE_PASSWORD ?? '',
    CLICKHOUSE_DATABASE: place.database,
  }
  const bootstrap = clickhouseClient('test', config, 'default')
  await bootstrap.command({ query: `CREATE DATABASE ${quote(place.database)}` })
  await bootstrap.close()
  const client = clickhouseClient('test', config)
  await migrate(client, join(ROOT, 'schemas/clickhouse'), new Date(), '')
  for (const contract of loadContracts(join(ROOT, 'schemas/feeds'))) {
    for (const query of tableStatements(contract, place.database, new Map())) await client.command({ query })
  }
  // Without the topic of the access journal nothing is extracted.
  await withAdmin(testKafka(place.env), async (admin) => {
    await admin.createTopics({
      topics: [{ topic: journalTopic(place.namespace), numPartitions: 1 }],
      waitForLeaders: false,
    })
    await applyRights(admin, place.namespace)
  })
  return {
    client,
    async insert(feed, rows) {
      const common = {
        record_version: 0,
        operation: 'upsert',
        _producer: 'chu-a',
        _received_at: '2024-01-01 00:00:00.000',
        _flags: [],
        _deleted: 0,
      }
      const values = rows.map((row, index) => ({
        ...common,
        _version: '0',
        _origin_incarnation: 'i',
        _origin_partition: 0,
        _origin_offset: index,
        ...row,
      }))
      await client.insert({ table: `feed_${feed}`, values, format: 'JSONEachRow' })
    },
    async link(patient, person, method, version) {
      const row = {
        patient_id: p2(patient),
        person_id: person,
        method,
        link_version: version,
        cause_feed: 'patient',
        cause_incarnation: 'i',
        cause_partition: 0,
        cause_offset: 0,
      }
      await client.insert({
        table: 'person_link',
        values: [{ ...row, linked_at: '2024-01-01 00:00:00.000' }],
        format: 'JSONEachRow',
      })
    },
    async score(patient, record, person, version, more = {}) {
      const row = {
        patient_id: p2(patient),
        record_id: p2(record),
        person_id: person,
        method: 'scored',
        model: 'model 1',
      }
      await client.insert({
        table: 'person_link_scored',
        values: [{ ...row, link_version: version, linked_at: '2024-01-01 00:00:00.000', ...more }],
        format: 'JSONEachRow',
      })
    },
    query: async (query) => (await (await client.query({ query, format: 'TabSeparated' })).text()).trim(),
  }
}

/** A project on diagnoses and observations, with all columns that a project can have. */
export function projectFile(place: Isolated, id: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const project = {
    id,
    title: 'Test',
    purpose: 'Test',
    contact: 'test@hospital.example',
    retention_until: '2999-12-31',
    period: { from: '2020-01-01', to: '2021-01-01' },
    cohort: { any_of: [{ feed: 'diagnosis', where: [{ column: 'code', starts_with: 'E11' }] }] },
    tables: [
      {
        feed: 'patient',
        columns: ['sex', 'birth_month', 'residence_department', 'updated_at', 'site_code'],
        whole_history: true,
      },
      { feed: 'diagnosis', columns: ['record_id', 'encounter_id', 'code_system', 'code', 'recorded_at', 'onset_on'] },
      {
        feed: 'observation',
        columns: ['record_id', 'encounter_id', 'code', 'effective_at', 'value_number', 'value_unit', 'flags'],
      },
      { feed: 'death', columns: ['died_on', 'death_department', 'cause_code'] },
    ],
    potential_identifiers: {
      birth_year_month: 'truncate',
      residence_location: 'truncate',
      exact_care_dates: 'keep',
      exact_death_date: 'truncate',
      death_location: 'drop',
    },
    ...changes,
  }
  mkdirSync(join(place.folder, 'files'), { recursive: true })
  const path = join(place.folder, 'files', `${id}.yaml`)
  writeFileSync(path, JSON.stringify(project))
  return path
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stderr matches, or when the process ends. */
  until(pattern: RegExp): Promise<void>
}

/** Starts services/extract/main.ts under Node 24. */
export function startExtract(
  place: Isolated,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(
    ...stopWithParent(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'services/extract/main.ts'), ...args], 'KILL'),
    {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        ...withLogin('extract', place.env),
        CHAINON_FEEDS_DIR: join(ROOT, 'schemas/feeds'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    for (const watcher of watchers) watcher()
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }))
  const until = (pattern: RegExp) =>
    Promise.race([
      ended.then(() => undefined),
      new Promise<void>((resolve) => {
        const watcher = () => pattern.test(stderr) && resolve()
        watchers.add(watcher)
        watcher()
      }),
    ])
  return { child, ended, until }
}

export function runExtract(
  place: Isolated,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return startExtract(place, args, env).ended
}
