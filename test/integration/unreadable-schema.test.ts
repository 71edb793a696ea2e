/**
 * A registry that has lost a schema of one feed: the feed is stopped and tried again, and its records are not taken for damaged ones.
 * The other feeds continue.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isBalanced } from '#core/ledger/row.ts'
import { type HttpFault, startHttpFault } from '../helpers/http-fault.ts'
import { recordOf } from '../helpers/records.ts'
import { askRegistry } from '../helpers/registry.ts'
import { servers } from '../helpers/servers.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let fault: HttpFault
let line: Pipeline
beforeAll(async () => {
  fault = await startHttpFault(servers().SCHEMA_REGISTRY_URL ?? '')
  line = await startPipeline({ CHAINON_PARTITIONS: '1', SCHEMA_REGISTRY_URL: fault.url })
})
afterAll(async () => {
  await line?.stop()
  await fault?.close()
})

const WAIT = { interval: 100 }
const rows = (table: string) => line.rows<{ n: number }>(`SELECT count() AS n FROM ${table}`)

it.each([
  ['does not have it', { status: 404, body: '{"error_code":40403,"message":"Schema not found"}' }],
  ['answers with something else', { status: 200, body: '<html>a portal</html>' }],
])(
  'a schema of one feed, when the registry %s, stops that feed alone',
  async (_what, answer) => {
    const subject = `${line.place.namespace}identified.observation-value`
    const latest = await askRegistry(servers(), `/subjects/${subject}/versions/latest`)
    const { id } = (await latest.json()) as { id: number }
    const observations = Number((await rows('feed_observation'))[0]?.n)
    const documents = Number((await rows('feed_document'))[0]?.n)
    await line.services.deidentify.stop()
    fault.set((url) => (url.endsWith(`/schemas/ids/${id}`) ? answer : undefined))
    line.services.deidentify = await line.start('deidentify')
    const names = (prefix: string, count: number) => Array.from({ length: 5 }, (_, i) => `${prefix}${count + i}`)
    await line.push(
      'chu',
      'observation',
      names('o', observations).map((name) => recordOf('observation', name, 'ipp')),
    )
    await line.push(
      'chu',
      'document',
      names('d', documents).map((name) => recordOf('document', name, 'ipp')),
    )
    await expect.poll(() => rows('feed_document'), WAIT).toEqual([{ n: documents + 5 }])
    await expect
      .poll(() => line.services.deidentify.health(), WAIT)
      .toEqual({ status: 'degraded', stopped: [{ feed: 'observation', partition: 0, code: 'dependency-unavailable' }] })
    fault.set(() => undefined)
    await expect.poll(() => rows('feed_observation'), WAIT).toEqual([{ n: observations + 5 }])
    await expect.poll(() => line.services.deidentify.health(), WAIT).toEqual({ status: 'ok' })
    expect(await rows('quarantine')).toEqual([{ n: 0 }])
    expect(isBalanced(await line.completeLedger())).toBe(true)
  },
  120_000,
)
