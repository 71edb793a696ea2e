/**
 * A worker that loses Kafka, in whatever way: it says so while it is away, and is in its group again in the same process. A kafkajs client that takes
 * an error for final never tries again by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { testKafka } from '../helpers/kafka.ts'
import { type OwnKafka, startOwnKafka } from '../helpers/own-kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, type ServiceProcess, startPipeline } from '../helpers/services.ts'

const FEED = 'procedure'
const SESSION_SECONDS = 6
const WAIT = { interval: 100 }
let broker: OwnKafka
let line: Pipeline
let sent = 0

beforeAll(async () => {
  broker = await startOwnKafka()
  line = await startPipeline({
    ...broker.env,
    CHAINON_PARTITIONS: '2',
    CHAINON_GROUP_SESSION_SECONDS: String(SESSION_SECONDS),
  })
})
afterEach(() => broker.signal('SIGCONT'))
afterAll(async () => {
  await line?.stop()
  await broker?.stop()
})

async function pushUntilAccepted(): Promise<void> {
  const records = Array.from({ length: 20 }, () => sent++).map((id) => recordOf(FEED, `r${id}`, `ipp-${id}`))
  const accepted = () =>
    line.push('chu', FEED, records).then(
      () => true,
      () => false,
    )
  await expect.poll(accepted, WAIT).toBe(true)
}

async function allLoaded(): Promise<void> {
  await expect
    .poll(async () => (await line.rows<{ n: string }>(`SELECT toString(count()) AS n FROM ${FEED}`))[0]?.n, WAIT)
    .toBe(String(sent))
}

const AWAY = { unreachable: ['Kafka'] }
const ALARM = expect.objectContaining({ id: 'unreachable:Kafka', code: 'dependency-unavailable' })

async function isAway(worker: ServiceProcess): Promise<void> {
  await expect.poll(() => worker.health(), WAIT).toMatchObject(AWAY)
  expect(await worker.alarms()).toContainEqual(ALARM)
}

async function isBack(worker: ServiceProcess): Promise<void> {
  await expect.poll(() => worker.health(), WAIT).toEqual({ status: 'ok' })
  await expect.poll(() => worker.alarms(), WAIT).toEqual([])
  expect(worker.child.exitCode, 'the same process').toBeNull()
}

describe.each([
  ['ends', () => broker.kill(), () => broker.start()],
  ['stands still', async () => broker.signal('SIGSTOP'), async () => broker.signal('SIGCONT')],
])('a broker that %s for longer than a session', (_what, take, give) => {
  test('both workers go on in the same process', async () => {
    await pushUntilAccepted()
    await allLoaded()
    await take()
    await Promise.all([isAway(line.services.deidentify), isAway(line.services.curate)])
    await sleep(SESSION_SECONDS * 2_000)
    await give()
    await Promise.all([isBack(line.services.deidentify), isBack(line.services.curate)])
    await pushUntilAccepted()
    await allLoaded()
  })
})

/** @returns a member with another assigner: the coordinator answers INCONSISTENT_GROUP_PROTOCOL, which kafkajs takes for final */
async function foreignMember(name: 'deidentify' | 'curate'): Promise<Consumer> {
  const foreign = testKafka(line.env).consumer({
    groupId: `${line.place.namespace}${name}`,
    sessionTimeout: 6_000,
    heartbeatInterval: 500,
  })
  const zone = name === 'deidentify' ? 'identified' : 'pseudonymised'
  await foreign.connect()
  await foreign.subscribe({ topics: [`${line.place.namespace}${zone}.${FEED}`] })
  await foreign.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined })
  return foreign
}

test('groups that do not accept deidentify and curate: each joins when its group does, in the same process', async () => {
  const names = ['deidentify', 'curate'] as const
  const left = await Promise.all(
    names.map(async (name) => {
      await line.services[name].stop()
      const foreign = await foreignMember(name)
      const worker = await line.launch(name)
      line.services[name] = worker
      await expect.poll(() => worker.health().catch(() => undefined), WAIT).toEqual({ status: 'starting', ...AWAY })
      expect(await worker.alarms()).toContainEqual(ALARM)
      return { foreign, worker }
    }),
  )
  await Promise.all(left.map(({ foreign }) => foreign.disconnect()))
  await Promise.all(left.map(({ worker }) => isBack(worker)))
  await pushUntilAccepted()
  await allLoaded()
})
