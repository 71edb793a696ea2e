/**
 * A short selection of `npm run chaos`: no accepted record is lost or loaded twice under faults that each are confirmed to have hit, by a
 * checker that does not read the ledger. What is planted in the tables afterwards, the checker must find.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { createClient } from '@clickhouse/client'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localLogin } from '../../deploy/local/logins.ts'
import { type Campaign, PRODUCERS, startCampaign } from '../../loadtest/chaos/campaign.ts'
import { administrator } from '../../loadtest/chaos/kafka-access.ts'
import { KINDS } from '../../loadtest/chaos/kinds/index.ts'
import { SUBJECTS } from '../../loadtest/chaos/load/records.ts'
import { TEXT_NAMES, TEXT_PHONE } from '../../loadtest/chaos/load/texts.ts'
import { searchClickhouse } from '../../services/cli/canary/places/clickhouse.ts'
import { searchKafka } from '../../services/cli/canary/places/kafka.ts'
import { searchRedis } from '../../services/cli/canary/places/redis.ts'
import { scannerFor } from '../../services/cli/canary/scanner.ts'
import { Search } from '../../services/cli/canary/search.ts'
import { testRedis } from '../helpers/redis.ts'
import { clientLogin } from '../helpers/servers.ts'

const SELECTION = [
  'answer-lost-clickhouse-insert',
  'late-clickhouse-insert',
  'kill-clickhouse',
  'answer-lost-deidentify-produce',
  'late-gateway-produce',
] as const

/** Folders of components, which are read through their clients: these decompress. */
const READ_BY_CLIENTS = ['kafka', 'clickhouse', 'redis', 'registry']
const folder = mkdtempSync(join(tmpdir(), 'chainon-chaos-'))
let campaign: Campaign

beforeAll(async () => {
  campaign = await startCampaign(folder, 'suite', process.env, () => undefined)
  expect(await campaign.warmUp(), 'records are loaded without a fault').toBe(true)
  expect(await campaign.checker.check()).toMatchObject({ findings: [] })
})

afterAll(async () => {
  await campaign?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('under load', () => {
  test.each(SELECTION)('%s', async (name) => {
    const kind = KINDS.find((one) => one.name === name)
    if (!kind) throw new Error(`there is no kind ${name}`)
    const result = await campaign.run(kind, SELECTION.indexOf(name))
    expect(result).toMatchObject({ confirmed: true, findings: [], problem: null, alarmsLeft: [] })
    expect(result.origins).toBeGreaterThan(0)
  })

  test('the check over everything from the start of the log finds nothing', async () => {
    expect(await campaign.fullCheck()).toEqual([])
  })

  test('no identity of the senders is anywhere: in topics, Redis, ClickHouse, logs, or files of the services', async () => {
    const { data, direct } = campaign.bench
    const scanner = scannerFor([TEXT_NAMES, SUBJECTS, TEXT_PHONE.replaceAll(' ', ''), PRODUCERS[0]])
    const search = () => new Search(scanner, PRODUCERS[0])
    const clickhouse = createClient({
      url: direct.clickhouse,
      ...clientLogin(localLogin('clickhouse', data, 'admin')),
      database: 'chainon',
    })
    const redis = testRedis({ REDIS_URL: direct.redis, ...localLogin('redis', data, 'admin') })
    const kafka = new Kafka({ ...administrator(direct.kafka, data), logLevel: logLevel.NOTHING })
    const reports = [
      await searchKafka(kafka, search(), new Map(), ['deidentify', 'linker', 'curate'], 'canary-'),
      await searchRedis(redis, search()),
      await searchClickhouse(clickhouse, search(), 0),
    ]
    redis.disconnect()
    await clickhouse.close()
    const inFiles = search()
    // What the senders know is in the folder of the campaign, beside the stack's.
    const files = inFiles.folder(data, (path) => READ_BY_CLIENTS.includes(relative(data, path).split(sep)[0] ?? ''))
    reports.push(inFiles.report('files', '', false))
    expect(reports.map(({ hits, unread }) => [hits.slice(0, 5), unread.slice(0, 5)])).toEqual(
      reports.map(() => [[], []]),
    )
    expect(reports.map(({ control }) => control)).toEqual(['seen', expect.anything(), 'seen', expect.anything()])
    expect(files).toBeGreaterThan(10)
  })
})

describe('what is planted in the tables is found', () => {
  const some = (offset: number) => `SELECT record_id FROM observation ORDER BY record_id LIMIT 1 OFFSET ${offset}`
  const PLANTED = [
    { code: 'lost', statement: `DELETE FROM feed_observation WHERE record_id = (${some(0)})` },
    {
      code: 'doubled',
      statement: `INSERT INTO feed_observation SELECT * FROM feed_observation WHERE record_id = (${some(1)}) LIMIT 1`,
    },
    {
      code: 'wrong-link',
      statement: `INSERT INTO person_link SELECT * REPLACE ('pn_planted' AS person_id, link_version + 1000000 AS link_version)
                  FROM person_link LIMIT 1`,
    },
    { code: 'wrong-rule-count', statement: 'INSERT INTO rule_outcome SELECT * FROM rule_outcome LIMIT 1' },
  ] as const

  let found: readonly string[] = []
  beforeAll(async () => {
    const clickhouse = createClient({
      url: campaign.bench.direct.clickhouse,
      ...clientLogin(localLogin('clickhouse', campaign.bench.data, 'admin')),
      database: 'chainon',
    })
    for (const { code, statement } of PLANTED) {
      // A merge would remove the second of two equal rows. It would also keep the deletion before from being made.
      if (code === 'doubled') await clickhouse.command({ query: 'SYSTEM STOP MERGES feed_observation' })
      await clickhouse.command({
        query: statement,
        clickhouse_settings: { insert_deduplicate: 0, mutations_sync: '1' },
      })
    }
    await clickhouse.close()
    found = (await campaign.fullCheck()).map(({ code }) => code)
  })

  test.each(PLANTED)('$code', ({ code }) => {
    expect(found).toContain(code)
  })
})
