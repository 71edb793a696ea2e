/** Whatever stops a partition, it is tried again by itself; the alarm and /health say so while it lasts, and other feeds continue. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBalanced } from '#core/ledger/row.ts'
import { clickhouseError, type HttpFault, startHttpFault } from '../helpers/http-fault.ts'
import { recordOf } from '../helpers/records.ts'
import { servers } from '../helpers/servers.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let fault: HttpFault
let line: Pipeline
let sent = 0

beforeAll(async () => {
  fault = await startHttpFault(servers().CLICKHOUSE_URL ?? '')
  line = await startPipeline({ CHAINON_PARTITIONS: '1', CLICKHOUSE_URL: fault.url })
})
afterAll(async () => {
  await line?.stop()
  await fault?.close()
})

const push = (feed: 'observation' | 'document', count: number) =>
  line.push(
    'chu',
    feed,
    Array.from({ length: count }, () => recordOf(feed, `r${sent++}`, 'ipp-1')),
  )
const health = async () => {
  const answer = await fetch(`${line.services.curate.url}/health`)
  return { status: answer.status, body: (await answer.json()) as { stopped?: { feed: string; code: string }[] } }
}
const stored = async (feed: string) =>
  Number((await line.rows<{ n: string }>(`SELECT count() AS n FROM feed_${feed}`))[0]?.n)
const WAIT = { interval: 100 }

describe('an error of ClickHouse', () => {
  it.each([
    // A full disk, a password that is being changed, and a table that is not there yet: the last two stop the partition.
    [75, 'CANNOT_WRITE_TO_FILE_DESCRIPTOR'],
    [516, 'AUTHENTICATION_FAILED'],
    [60, 'UNKNOWN_TABLE'],
  ])('%i stops one feed until it is over, without a restart', async (code, name) => {
    const before = await stored('observation')
    fault.set((url) => (url.includes('INSERT INTO feed_observation') ? clickhouseError(code, name) : undefined))
    await push('observation', 20)
    await expect
      .poll(async () => (await health()).body.stopped?.map(({ feed, code }) => `${feed} ${code}`), WAIT)
      .toEqual([`observation clickhouse-${code}`])
    expect((await health()).status).toBe(503)
    expect((await line.services.curate.alarms()).map(({ feed, partition }) => [feed, partition])).toEqual([
      ['observation', 0],
    ])
    const documents = await stored('document')
    await push('document', 5)
    await expect.poll(() => stored('document'), WAIT).toBe(documents + 5)

    fault.set(() => undefined)
    await expect.poll(() => stored('observation'), WAIT).toBe(before + 20)
    await expect.poll(async () => (await health()).status, WAIT).toBe(200)
    expect(await line.services.curate.alarms()).toEqual([])
    expect(isBalanced(await line.completeLedger())).toBe(true)
  })
})
