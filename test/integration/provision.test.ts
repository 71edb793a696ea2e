import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { policyVersions } from '#core/clickhouse/policy-versions.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { alterTopic, testKafka, topicSettings } from '../helpers/kafka.ts'
import { isolated } from '../helpers/servers.ts'
import { failingService } from '../helpers/services.ts'

const own = isolated()
afterAll(() => own.remove())
const provision = (...args: string[]) => runToEnd('services/provision/main.ts', args, own.env)
const IDENTIFIED = `${own.namespace}identified.observation`
const PSEUDONYMISED = `${own.namespace}pseudonymised.observation`

test('a database belongs to one namespace: the origins of another would be taken for replays', async () => {
  const shared = isolated()
  const env = { ...own.env, CLICKHOUSE_DATABASE: shared.database }
  expect((await runToEnd('services/provision/main.ts', [], env)).status).toBe(0)
  const other = { ...env, CHAINON_NAMESPACE: 'other.' }
  const rejected = await runToEnd('services/provision/main.ts', [], other)
  expect(rejected.status).toBe(78)
  expect(rejected.stderr).toContain('The warehouse belongs to another namespace')
  const curate = await failingService('curate', other)
  expect(curate.status).toBe(78)
  expect(curate.log).toContain('The warehouse belongs to another namespace')
  shared.remove()
})

test('a warehouse that was loaded from another Kafka is rejected: new records would be dropped as replays', async () => {
  expect((await provision()).status).toBe(0)
  expect((await provision()).status, 'a second time changes nothing').toBe(0)
  const client = clickhouseClient('test', readConfig('test', CLICKHOUSE_KEYS, own.env))
  await client.command({ query: 'TRUNCATE TABLE log_identity' })
  await client.insert({
    table: 'log_identity',
    values: [{ namespace: own.namespace, cluster_id: 'another', first_seen: 1 }],
    format: 'JSONEachRow',
  })
  const rejected = await provision()
  expect(rejected.status).toBe(78)
  expect(rejected.stderr).toContain('The warehouse was loaded from another Kafka')
  await client.command({ query: 'TRUNCATE TABLE log_identity' })
  await client.close()
})

test('another policy of a feed is a new version in the warehouse, with its date; the same policy is none', async () => {
  const client = clickhouseClient('test', readConfig('test', CLICKHOUSE_KEYS, own.env))
  const feeds = join(own.folder, 'feeds')
  cpSync('schemas/feeds', feeds, { recursive: true })
  const death = join(feeds, 'death.avsc')
  const text = readFileSync(death, 'utf8')
  writeFileSync(
    death,
    text.replace(
      '"privacy": {"class": "date", "action": "keep"}',
      '"privacy": {"class": "date", "action": "keep", "on_violation": "refuse"}',
    ),
  )
  expect((await runToEnd('services/provision/main.ts', [], { ...own.env, CHAINON_FEEDS_DIR: feeds })).status).toBe(0)
  const versions = await policyVersions(client)
  // Of two runs before, and this one.
  expect(versions.filter(({ version }) => version === 1)).toHaveLength(loadContracts(feeds).length)
  expect(versions.filter(({ version }) => version > 1)).toEqual([
    { feed: 'death', version: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), since: expect.stringMatching(/^20/) },
  ])
  await client.close()
})

test('an identified topic has segments that end at a fraction of the retention, and the clock of the broker', async () => {
  const settings = await topicSettings(own.env, IDENTIFIED)
  expect(Number(settings['segment.ms'])).toBeLessThanOrEqual(Number(settings['retention.ms']) / 12)
  expect(settings['message.timestamp.type']).toBe('LogAppendTime')
  expect(settings['retention.bytes']).toBe('-1')
})

test('settings that drifted are set again and reported; settings of an operator that are not in the contract stay', async () => {
  await alterTopic(own.env, PSEUDONYMISED, {
    'retention.ms': '604800000',
    'cleanup.policy': 'compact',
    'compression.type': 'gzip',
  })
  await alterTopic(own.env, IDENTIFIED, { 'retention.ms': '-1' })

  const planned = await provision('--dry-run')
  expect(planned.status, 'drift is a finding').toBe(1)
  expect(planned.stdout).toContain(`${PSEUDONYMISED}: cleanup.policy compact -> delete`)
  expect(planned.stdout).toContain(`${PSEUDONYMISED}: retention.ms 604800000 -> -1`)
  expect(planned.stdout).toContain(`${IDENTIFIED}: retention.ms -1 -> 259200000`)
  expect((await topicSettings(own.env, PSEUDONYMISED))['cleanup.policy'], 'a dry run changes nothing').toBe('compact')

  const mended = await provision()
  expect(mended.status).toBe(0)
  const reported = mended.stderr.split('\n').filter((line) => line.includes('"event":"topic-drift"'))
  expect(reported.filter((line) => line.includes('"level":"error"') && line.includes(PSEUDONYMISED))).toHaveLength(2)
  expect(reported.filter((line) => line.includes('"level":"warn"') && line.includes(IDENTIFIED))).toHaveLength(1)
  expect(await topicSettings(own.env, PSEUDONYMISED)).toMatchObject({
    'retention.ms': '-1',
    'cleanup.policy': 'delete',
    'compression.type': 'gzip',
  })
  expect((await topicSettings(own.env, IDENTIFIED))['retention.ms']).toBe('259200000')
  expect((await provision('--dry-run')).status, 'nothing is left to change').toBe(0)
})

test('a number of partitions that differs is reported, and not changed', async () => {
  await withAdmin(testKafka(own.env), async (admin) => {
    await admin.createPartitions({
      topicPartitions: [IDENTIFIED, PSEUDONYMISED].map((topic) => ({ topic, count: 3 })),
    })
  })
  const { status, stderr } = await provision()
  expect(status).toBe(0)
  expect(stderr).toContain(`${IDENTIFIED}: 3 partitions, and CHAINON_PARTITIONS is 2`)
  expect((await provision('--dry-run')).status).toBe(1)
})

test('a dry run before the first run creates nothing', async () => {
  const other = isolated()
  try {
    const { status, stdout } = await runToEnd('services/provision/main.ts', ['--dry-run'], other.env)
    expect(status).toBe(0)
    expect(stdout).toContain(`${other.namespace}identified.observation: create`)
    const topics = await withAdmin(testKafka(other.env), (admin) => admin.listTopics())
    expect(topics.filter((topic) => topic.startsWith(other.namespace))).toEqual([])
    const client = clickhouseClient('test', readConfig('test', CLICKHOUSE_KEYS, other.env), 'default')
    const found = await client.query({ query: `EXISTS DATABASE ${other.database}`, format: 'JSONEachRow' })
    expect(await found.json()).toEqual([{ result: 0 }])
    await client.close()
  } finally {
    other.remove()
  }
})
