import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Announced, announcementOf, authorityOf, readAnnouncement } from '#core/sealing/announcements.ts'
import { dayOf } from '#core/sealing/day.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { watchDayKeys } from '../../../../services/gateway/seal/day-key-watch.ts'
import { testDayKey } from '../../../helpers/sealed.ts'

const TODAY = dayOf(Date.now())
const signer = generateKeyPairSync('ed25519').privateKey
const ours = authorityOf(signer)
const theirs = authorityOf(generateKeyPairSync('ed25519').privateKey)
let folder: string
let stop: () => void
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-pin-'))
})
afterEach(() => {
  stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(read: () => Promise<readonly Announced[]>, now: () => number = Date.now) {
  const alarms = createAlarms()
  const pinFile = join(folder, 'gateway', 'sealing-authority.pub')
  const keptFile = join(folder, 'gateway', 'kept')
  const logger = createLogger('t', 'fatal')
  const watch = watchDayKeys({ read, namespace: '', pinFile, keptFile, alarms, logger, now })
  stop = () => watch.stop()
  return { watch, pinFile, codes: () => alarms.active().map(({ code }) => code) }
}
const announced = async (day: number, authority: string): Promise<Announced> => ({
  ...(await testDayKey(day)),
  authority,
  text: '',
})

test('the first authority is pinned; keys of another one are not used, and raise an alarm', async () => {
  const list = [await announced(TODAY, ours)]
  const { watch, pinFile, codes } = start(async () => list)
  expect(await watch.keyOf(TODAY)).toMatchObject({ day: TODAY })
  expect(readFileSync(pinFile, 'utf8').trim()).toBe(ours)
  list.push(await announced(TODAY + 1, theirs))
  const waited = watch.keyOf(TODAY + 1)
  await expect.poll(codes).toContain('sealing-authority')
  list.push(await announced(TODAY + 1, ours))
  expect(await waited).toMatchObject({ authority: ours })
})

test('an authority that was put there before counts, whoever announced first', async () => {
  writeFileSync(join(folder, 'sealing-authority.pub'), `${ours}\n`)
  const list = [await announced(TODAY, theirs), await announced(TODAY, ours)]
  const alarms = createAlarms()
  const watch = watchDayKeys({
    read: async () => list,
    namespace: '',
    pinFile: join(folder, 'sealing-authority.pub'),
    keptFile: join(folder, 'kept'),
    alarms,
    logger: createLogger('t', 'fatal'),
    now: Date.now,
  })
  stop = () => watch.stop()
  expect(await watch.keyOf(TODAY)).toMatchObject({ authority: ours })
})

test('without a key of the day a request fails after some seconds, and there is an alarm', async () => {
  let now = Date.now()
  const { watch, codes } = start(
    async () => [],
    () => {
      now += 1000
      return now
    },
  )
  await expect(watch.keyOf(TODAY)).rejects.toMatchObject({ code: 'dependency-unavailable' })
  expect(codes()).toEqual(['sealing-key-missing'])
})

test('a gateway that starts while Kafka does not answer goes on with the keys that it has kept', async () => {
  const text = announcementOf('', await testDayKey(TODAY), signer)
  const signed = readAnnouncement('', { value: text })
  const first = start(async () => (signed ? [signed] : []))
  await first.watch.keyOf(TODAY)
  first.watch.stop()
  const away = start(() => Promise.reject(new Error('Kafka is away')))
  expect(await away.watch.keyOf(TODAY)).toMatchObject({ day: TODAY, authority: ours })
  away.watch.stop()
  // What was forged into the file is not signed by the pinned authority.
  writeFileSync(join(folder, 'gateway', 'kept'), text.replace(/"public_key":"../, '"public_key":"AA'))
  let now = Date.now()
  const forged = start(
    () => Promise.reject(new Error('Kafka is away')),
    () => {
      now += 1000
      return now
    },
  )
  await expect(forged.watch.keyOf(TODAY)).rejects.toMatchObject({ code: 'dependency-unavailable' })
})
