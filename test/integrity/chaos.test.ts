/**
 * A short selection of `npm run chaos`: no accepted record is lost or loaded twice under faults that each are confirmed to have hit, by a
 * checker that does not read the ledger. What is planted in the tables afterwards, the checker must find.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localLogin } from '../../deploy/local/logins.ts'
import { type Campaign, startCampaign } from '../../loadtest/chaos/campaign.ts'
import { KINDS } from '../../loadtest/chaos/kinds/index.ts'
import { clientLogin } from '../helpers/servers.ts'

const SELECTION = [
  'answer-lost-clickhouse-insert',
  'late-clickhouse-insert',
  'kill-clickhouse',
  'answer-lost-deidentify-produce',
  'late-gateway-produce',
] as const

const folder = mkdtempSync(join(tmpdir(), 'chainon-chaos-'))
let campaign: Campaign

beforeAll(async () => {
  campaign = await startCampaign(folder, 'suite', process.env, () => undefined)
  expect(await campaign.warmUp(), 'records are loaded without a fault').toBe(true)
  expect(await campaign.checker.check()).toMatchObject({ findings: [] })
}, 240_000)

afterAll(async () => {
  await campaign?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

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
