import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { dayOf } from '#core/sealing/day.ts'
import { openDayKeys } from '#core/sealing/day-keys.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { dayKeyRounds } from '../../../../services/deidentify/unseal/day-key-rounds.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-rounds-'))
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

test('a round that fails raises an alarm, and the next one that succeeds clears it, although there is nothing to announce', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const dayKeys = openDayKeys(folder, dayOf(Date.now()))
  const alarms = createAlarms()
  let broken = false
  const rounds = dayKeyRounds({
    dayKeys: { ...dayKeys, live: () => (broken ? Promise.reject(new Error('no disk')) : dayKeys.live()) },
    producer: { send: async () => undefined },
    namespace: '',
    retentionMs: 86_400_000,
    onShredded: () => undefined,
    journal: { note: () => undefined },
    alarms,
    logger: createLogger('test', 'fatal'),
  })
  await rounds.start()
  broken = true
  vi.advanceTimersByTime(60_000)
  await expect.poll(() => alarms.active().length).toBe(1)
  broken = false
  vi.advanceTimersByTime(60_000)
  await expect.poll(() => alarms.active().length).toBe(0)
  rounds.stop()
})
