/**
 * A partition without a leader fails only its own records: the others are accepted within the request, and every record is in Kafka
 * exactly once at the end. Two real brokers; the topics have a partition on each, and the second broker is away.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKey } from '#core/keys/admin.ts'
import { type GatewayProcess, runToEnd, startGateway } from '../helpers/gateway.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'
import { startTwoBrokers, type TwoBrokers } from '../helpers/two-brokers.ts'
import { storedRecords } from '../integration/helpers/gateway-reads.ts'

const NDJSON = 'application/x-ndjson'

interface Partial {
  readonly code: string
  readonly accepted: number
  readonly rejected: number
  readonly unavailable_indexes: readonly number[]
}

let place: Isolated
let kafka: TwoBrokers
let env: Readonly<Record<string, string>>
let gateway: GatewayProcess
let key = ''

beforeAll(async () => {
  place = isolated()
  kafka = await startTwoBrokers()
  env = { ...place.env, KAFKA_BROKERS: kafka.brokers, CHAINON_PARTITIONS: '2' }
  const provisioned = await runToEnd('services/provision/main.ts', [], env)
  expect([provisioned.status, provisioned.status === 0 ? '' : provisioned.stderr]).toEqual([0, ''])
  key = createKey(place.folder, 'chu-test', '').key
  gateway = await startGateway(env)
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  await kafka?.stop()
  place.remove()
})

function post(path: string, type: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
    body,
  })
}

/** Records of so many patients that both partitions have some. */
const records = (feed: Feed, prefix: string, count = 40) =>
  Array.from({ length: count }, (_, i) => recordOf(feed, `${prefix}-${i}`, `${prefix}-p${i}`))
const lines = (of: readonly object[]) => of.map((record) => JSON.stringify(record)).join('\n')

/** @returns the ids in Kafka that begin with the prefix, sorted; each as often as it is there */
async function idsIn(feed: Feed, prefix: string): Promise<readonly string[]> {
  const stored = await storedRecords(env, place.namespace, feed)
  return stored
    .map(({ record }) => String(record?.record_id))
    .filter((id) => id.startsWith(`${prefix}-`))
    .toSorted()
}
const idsOf = (of: readonly Record<string, unknown>[]) => of.map(({ record_id }) => String(record_id)).toSorted()

test.fails('records of a partition with a leader are accepted within the request, the others when they are sent again with the same key', async () => {
  const sent = records('observation', 'key')
  const send = () => post('/v1/feeds/observation/records', NDJSON, lines(sent), { 'idempotency-key': 'partial-1' })
  await kafka.endSecond('SIGTERM')
  try {
    const first = await send()
    const problem = (await first.json()) as Partial
    expect([first.status, problem.code]).toEqual([503, 'partition-unavailable'])
    expect(problem.accepted).toBeGreaterThan(0)
    expect(problem.accepted + problem.unavailable_indexes.length).toBe(sent.length)
  } finally {
    await kafka.startSecond()
  }
  await expect.poll(async () => (await send()).status, { timeout: 30_000 }).toBe(202)
  expect(await idsIn('observation', 'key')).toEqual(idsOf(sent))
})
