import { afterAll, expect, test } from 'vitest'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { isolated } from '../helpers/servers.ts'

const own = isolated()
afterAll(() => own.remove())

test('a warehouse that was loaded from another Kafka is rejected: new records would be dropped as replays', async () => {
  const provision = () => runToEnd('services/provision/main.ts', [], own.env)
  expect((await provision()).status).toBe(0)
  expect((await provision()).status, 'a second time changes nothing').toBe(0)
  const client = clickhouseClient('test', readConfig('test', CLICKHOUSE_KEYS, own.env))
  await client.command({ query: 'TRUNCATE TABLE log_identity' })
  await client.insert({
    table: 'log_identity',
    values: [{ namespace: own.namespace, cluster_id: 'another', first_seen: 1 }],
    format: 'JSONEachRow',
  })
  await client.close()
  const rejected = await provision()
  expect(rejected.status).toBe(78)
  expect(rejected.stderr).toContain('The warehouse was loaded from another Kafka')
})
