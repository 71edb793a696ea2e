/** Receipts on the disk: what is added comes to ClickHouse once, also after the end of a process; what has no room is counted. */
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { openSpool, type Spool } from '../../../../services/gateway/receipts/spool.ts'

let folder: string
let spools: Spool[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-spool-'))
  spools = []
})
afterEach(async () => {
  await Promise.all(spools.map((spool) => spool.stop()))
  rmSync(folder, { recursive: true, force: true })
})

function opened(maxBytes = 1_000) {
  const inserted: { readonly lines: string; readonly token: string }[] = []
  const warehouse = { down: false }
  const alarms = createAlarms()
  const metrics = createMetrics('gateway')
  const spool = openSpool({
    folder: join(folder, 'receipts'),
    async insert(lines, token) {
      if (warehouse.down) throw new Error('ClickHouse is away')
      if (lines.includes('broken')) throw new TypeError('it cannot be read')
      inserted.push({ lines: lines.toString(), token })
    },
    isUnreadable: (error) => error instanceof TypeError,
    alarms,
    metrics,
    logger: pino({ level: 'silent' }),
    maxBytes,
  })
  spools.push(spool)
  return { spool, inserted, warehouse, alarms, metrics }
}
const files = () => readdirSync(join(folder, 'receipts'))

test('a receipt that is asked for is brought at once; one that is not here costs nothing', async () => {
  const { spool, inserted } = opened()
  spool.add('one', ['a\n', 'b\n'])
  await spool.bring('another')
  expect(inserted).toEqual([])
  await spool.bring('one')
  await spool.bring('one')
  expect(inserted.map(({ lines }) => lines)).toEqual(['a\nb\n'])
  expect(files()).toEqual([])
})

test('what waits is brought when ClickHouse is back, under the same token', async () => {
  const { spool, inserted, warehouse } = opened()
  warehouse.down = true
  spool.add('one', ['a\n'])
  await expect(spool.bring('one')).rejects.toThrow('away')
  const waiting = files()
  warehouse.down = false
  spool.add('two', ['b\n'])
  await spool.bring('one')
  expect(inserted.map(({ lines }) => lines)).toEqual(['a\n', 'b\n'])
  expect(waiting).toEqual([`${inserted[0]?.token}.rows`])
})

test('a process that was killed leaves its receipts to the next one, but for a line that it did not end', async () => {
  const { spool } = opened()
  spool.add('one', ['a\n'])
  await spool.stop()
  const left = join(folder, 'receipts', 'killed-1.open')
  writeFileSync(left, 'c\nd\ncut')
  const now = opened()
  await now.spool.stop()
  // It may be of a gateway that runs: such a file is ended by its writer within a second.
  expect(now.inserted).toEqual([])
  utimesSync(left, new Date(0), new Date(0))
  const later = opened()
  await later.spool.stop()
  expect(later.inserted).toEqual([{ lines: 'c\nd\n', token: 'killed-1' }])
  expect(files()).toEqual([])
})

test('what has no room is lost: counted, an alarm, and no failure', async () => {
  const { spool, inserted, alarms, metrics } = opened(10)
  spool.add('one', ['123456\n'])
  spool.add('two', ['123456\n'])
  await spool.bring('one')
  expect(inserted.map(({ lines }) => lines)).toEqual(['123456\n'])
  expect(alarms.active().map(({ id }) => id)).toEqual(['gateway-receipts-lost'])
  expect(await metrics.scrape()).toMatch(/chainon_gateway_receipts_lost_total\S* 1/)
})

test('lines that ClickHouse can never read do not hold up the others, and are counted', async () => {
  const { spool, inserted, metrics } = opened()
  spool.add('one', ['broken\n', 'b\n'])
  await spool.bring('one')
  spool.add('two', ['c\n'])
  await spool.bring('two')
  expect(inserted.map(({ lines }) => lines)).toEqual(['c\n'])
  expect(files()).toEqual([expect.stringMatching(/\.unreadable$/)])
  expect(await metrics.scrape()).toMatch(/chainon_gateway_receipts_lost_total\S* 2/)
})

test('a disk that takes nothing fails no request', async () => {
  writeFileSync(join(folder, 'receipts'), '')
  const { spool, alarms } = opened()
  spool.add('one', ['a\n'])
  expect(alarms.active().map(({ id }) => id)).toContain('gateway-receipts-lost')
})
