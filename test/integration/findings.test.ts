/** A finding is kept until an operator closes it: on the real engine, in two processes at once. */
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '#core/clickhouse/migrate.ts'
import {
  closeFinding,
  type Finding,
  findingAlarm,
  findingId,
  listFindings,
  openFindings,
} from '#core/ledger/findings.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'
import { runToEnd } from '../helpers/gateway.ts'

const folder = temporaryFolder()
let front: Front
let clickhouse: ClickHouseClient

beforeAll(async () => {
  front = await startFront(folder.path)
  clickhouse = createClient({ url: front.url, ...front.login() })
  await migrate(clickhouse, new URL('../../schemas/clickhouse', import.meta.url).pathname, new Date(), '')
})
afterAll(async () => {
  await clickhouse?.close()
  await front?.stop()
  folder.remove()
})

const finding = (from: bigint): Finding => ({
  code: 'gap',
  feed: 'death',
  incarnation: 'AAAAAAAAAAAAAAAAAAAAAA',
  partition: 3,
  from,
  to: from + 5n,
  message: '5 records are missing',
})
const ID = 'gap:death:AAAAAAAAAAAAAAAAAAAAAA:3:10-15'
const chainon = (...args: string[]) =>
  runToEnd('services/cli/main.ts', args, {
    CLICKHOUSE_URL: front.url,
    CLICKHOUSE_USER: front.login().username,
    CLICKHOUSE_PASSWORD: front.login().password,
    CLICKHOUSE_DATABASE: 'default',
  })

test('the same finding is opened once, and keeps the time at which it was opened', async () => {
  expect(findingId(finding(10n))).toBe(ID)
  expect(await openFindings(clickhouse, [finding(10n)], 1000)).toHaveLength(1)
  expect(await openFindings(clickhouse, [finding(10n), finding(20n)], 2000)).toEqual([finding(20n)])
  const [first, second] = await listFindings(clickhouse)
  expect(first).toMatchObject({ id: ID, openedAt: '1970-01-01T00:00:01.000Z', closedAt: null, from: 10n, to: 15n })
  expect(second).toMatchObject({ openedAt: '1970-01-01T00:00:02.000Z' })
  expect(first && findingAlarm(first)).toMatchObject({ id: `finding:${ID}`, code: 'gap', feed: 'death', partition: 3 })
})

test('an operator sees it and closes it, with the reason', async () => {
  const listed = await chainon('finding', 'list', '--json')
  expect(listed.status).toBe(1)
  expect(JSON.parse(listed.stdout)).toHaveLength(2)
  expect((await chainon('finding', 'close', ID)).status).toBe(2)
  const closed = await chainon('finding', 'close', ID, '--reason', 'restored', '--by', 'mb')
  expect(closed).toMatchObject({ status: 0, stderr: `Closed by mb: ${ID}\n` })
  expect((await chainon('finding', 'close', ID, '--reason', 'again')).status).not.toBe(0)
  expect((await chainon('finding', 'list')).stdout).not.toContain(ID)
  expect((await chainon('finding', 'list', '--all')).stdout).toContain('by mb: restored')
})

test('a finding that was closed is not opened again, not even by a process that did not see it closed', async () => {
  expect(await openFindings(clickhouse, [finding(10n)], 3000)).toEqual([])
  await clickhouse.command({
    query: `INSERT INTO finding SELECT * REPLACE (toDateTime64(9, 3, 'UTC') AS opened_at, NULL AS closed_at, 1 AS version)
            FROM finding FINAL WHERE finding_id = {id:String}`,
    query_params: { id: ID },
  })
  expect((await listFindings(clickhouse)).map(({ id }) => id)).not.toContain(ID)
  expect(await closeFinding(clickhouse, ID, { by: 'mb', reason: 'again' }, 4000)).toBeUndefined()
})
