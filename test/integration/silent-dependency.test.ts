/**
 * A dependency that accepts a connection and never answers: a worker that starts says which one it waits for, does not end, and starts by
 * itself when the dependency answers.
 */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Pipeline, type ServiceName, startPipeline } from '../helpers/services.ts'
import { heldServer } from '../helpers/tcp-fault.ts'

let line: Pipeline
beforeAll(async () => {
  line = await startPipeline()
})
afterAll(async () => line?.stop())

const WAIT = { interval: 200 }

describe.concurrent('a worker whose dependency accepts a connection and never answers', () => {
  it.for<[ServiceName, string, string]>([
    ['deidentify', 'KAFKA_BROKERS', 'Kafka'],
    ['deidentify', 'SCHEMA_REGISTRY_URL', 'the schema registry'],
    ['curate', 'REDIS_URL', 'Redis'],
    ['curate', 'CLICKHOUSE_URL', 'ClickHouse'],
  ])('%s, %s', async ([service, variable, dependency], { expect }) => {
    const address = line.env[variable] ?? ''
    const url = new URL(address.includes('//') ? address : `kafka://${address}`)
    const held = await heldServer(Number(url.port))
    const worker = await line.launch(service, { [variable]: address.replace(url.host, `127.0.0.1:${held.port}`) })
    await expect
      .poll(() => worker.health().catch(() => undefined), WAIT)
      .toEqual({
        status: 'starting',
        unreachable: [dependency],
      })
    expect(await worker.alarms()).toMatchObject([{ code: 'dependency-unavailable' }])
    held.release()
    await expect.poll(() => worker.health(), WAIT).toEqual({ status: 'ok' })
    expect(await worker.alarms()).toEqual([])
    expect(worker.child.exitCode).toBeNull()
    await worker.stop()
    await held.close()
  })
})
