/** What lies in `identified.*` is sealed: a broker, its disks and its operators never have a readable identity. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderedProducer } from '#core/kafka/producer.ts'
import { announce } from '#core/sealing/announcements.ts'
import { dayOf } from '#core/sealing/day.ts'
import { openDayKeys } from '#core/sealing/day-keys.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { produce, readTopics, testKafka } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { openSealed } from '../helpers/sealed.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let line: Pipeline
/** The line runs with sealed secrets; the other tests run with files in clear text. */
const PROVIDER = { CHAINON_KEY_PROVIDER: 'environment', CHAINON_SECRETS_KEY: 'ab'.repeat(32) }
const SEALED = /(?:level\d|routing)\.key$|\.seed$|ratchet\.json$|authority\.pem$/
const IPP = 'ipp-Zywiecka-Lefebvre'

beforeAll(async () => {
  line = await startPipeline(PROVIDER)
})
afterAll(async () => line?.stop())

const identified = () => readTopics(line.env, [`${line.place.namespace}identified.patient`])

test('no message of an identified topic shows a value of its record, or who sent it', async () => {
  await line.push('chu-kermadec', 'patient', [recordOf('patient', 'zzz-1', IPP, { birth_family_name: 'Zywiecka' })])
  await line.completeLedger()
  const messages = await identified()
  expect(messages).toHaveLength(1)
  for (const { key, value, headers } of messages)
    for (const bytes of [key, value, Buffer.from(JSON.stringify(headers))])
      for (const secret of ['Zywiecka', 'zzz-1', 'chu-kermadec']) expect(bytes?.includes(secret)).toBe(false)
})

test('no secret of the workers and no routing key is in clear text on the disk', () => {
  const folder = line.env.CHAINON_SECRETS_DIR ?? ''
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => SEALED.test(file))
  expect(files.length).toBeGreaterThan(15)
  for (const file of files) expect(readFileSync(join(folder, file), 'utf8'), file).toMatch(/^chainon-sealed-1:/)
})

test('what is sealed can be opened with the secrets of deidentify', async () => {
  const opened = await openSealed(line.env, await identified())
  expect(opened.map((value) => value?.includes('Zywiecka'))).toEqual([true])
})

test('a broken seal is quarantined; a record of a shredded day too, and the ledger stays complete', async () => {
  const [message] = await identified()
  const changed = Buffer.from(message?.value ?? '')
  // Of the tag; the two bytes after it say that no file belongs to the record.
  const last = changed.length - 3
  changed[last] = (changed[last] ?? 0) ^ 1
  await produce(line.env, `${line.place.namespace}identified.patient`, [{ partition: 0, value: changed }])
  await line.completeLedger()
  expect(await line.sums('patient')).toMatchObject({ accepted: 2, loaded: 1, quarantined: 1 })
  const [first] = await line.rows('SELECT fault, stage, producer FROM quarantine')
  expect(first).toEqual({ fault: 'seal-broken', stage: 'openSealed', producer: '' })
})

test('gateways refuse keys of another authority, and go on with those that they know', async () => {
  const liar = mkdtempSync(join(tmpdir(), 'chainon-liar-'))
  const forged = openDayKeys(liar, dayOf(Date.now()))
  const producer = orderedProducer(testKafka(line.env), createLogger('test', 'fatal'))
  await announce(producer, line.place.namespace, await forged.live(), forged.authority)
  await producer.disconnect()
  // A new gateway reads the forged keys first: they replaced the others in the compacted topic, or will.
  const second = await line.start('gateway')
  await expect.poll(async () => (await second.alarms()).map(({ code }) => code)).toContain('sealing-authority')
  await line.push('chu-kermadec', 'death', [recordOf('death', 'd-1', 'ipp-2')])
  const sealed = await readTopics(line.env, [`${line.place.namespace}identified.death`])
  expect((await openSealed(line.env, sealed)).every((value) => value !== null)).toBe(true)
  rmSync(liar, { recursive: true })
})
