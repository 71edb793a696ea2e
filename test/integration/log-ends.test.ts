/** A log of `identified.<feed>` that lost its end on a real broker is a finding, also where `deidentify` had not read what was lost. */
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { topicIds } from '#core/kafka/topic-ids.ts'
import { listFindings } from '#core/ledger/findings.ts'
import { lookAtLogEnds } from '../../services/console/collectors/log-ends.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { produce, testKafka } from '../helpers/kafka.ts'
import { type OwnKafka, startOwnKafka } from '../helpers/own-kafka.ts'
import { clientLogin, isolated } from '../helpers/servers.ts'

const own = isolated()
const topic = `${own.namespace}identified.death`
const WAIT = { interval: 200 }
const clickhouse = createClient({
  url: own.env.CLICKHOUSE_URL ?? '',
  ...clientLogin(own.env),
  database: own.database,
})
let broker: OwnKafka
let env: Record<string, string>
const closes: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  broker = await startOwnKafka()
  env = { ...own.env, ...broker.env, CHAINON_PARTITIONS: '1' }
  const { status, stderr } = await runToEnd('services/provision/main.ts', [], env)
  expect(status, stderr).toBe(0)
})
afterAll(async () => {
  for (const close of closes) await close()
  await clickhouse.close()
  await broker?.stop()
  own.remove()
})

const write = (count: number) =>
  produce(
    env,
    topic,
    Array.from({ length: count }, () => ({ partition: 0, value: 'x' })),
  )

test('a log that lost its end, and is longer again', async () => {
  const kafka = testKafka(env)
  const ids = await topicIds(kafka)
  const admin = reconnectingAdmin(kafka)
  closes.push(
    () => ids.close(),
    () => admin.close(),
  )
  const look = lookAtLogEnds({ admin, ids, clickhouse, namespace: own.namespace, feeds: ['death'] })
  const found = async () =>
    (await listFindings(clickhouse)).map(({ code, from, to, incarnation }) => ({ code, from, to, incarnation }))
  const topicId = (await ids.of(topic))?.id
  await write(10)
  await write(5)
  await look()
  await broker.kill()
  await broker.start()
  await expect
    .poll(
      () =>
        look().then(
          () => true,
          () => false,
        ),
      WAIT,
    )
    .toBe(true)
  expect(await found(), 'another leader that lost nothing').toEqual([])

  await broker.kill()
  broker.truncate(topic, 0, 10n)
  await broker.start()
  await expect
    .poll(
      () =>
        write(20).then(
          () => true,
          () => false,
        ),
      WAIT,
    )
    .toBe(true)
  await expect
    .poll(() => look().then(found, () => undefined), WAIT)
    .toEqual([{ code: 'topic-truncated', from: 10n, to: 15n, incarnation: topicId }])
  await look()
  expect(await found(), 'once').toHaveLength(1)
})
