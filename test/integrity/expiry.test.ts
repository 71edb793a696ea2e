/** An identity leaves the broker's disk when its retention ends: in a partition that is written all the time, and in an idle one. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { alterTopic, produce, testKafka, topicSettings } from '../helpers/kafka.ts'
import { isolated, servers } from '../helpers/servers.ts'

const own = isolated()
afterAll(() => own.remove())

const TOPIC = `${own.namespace}identified.death`
const RETENTION_MS = 2_400

/** @returns true when a file of the partition contains the text */
function onDisk(partition: number, text: string): boolean {
  const folder = join(servers().CHAINON_DATA_DIR ?? '', 'kafka', 'log', `${TOPIC}-${partition}`)
  return readdirSync(folder).some((name) => {
    try {
      return readFileSync(join(folder, name)).includes(text)
    } catch {
      // Deleted since the folder was listed.
      return false
    }
  })
}

test('no identity stays on the disk of the broker after its retention, with the settings of the contract at a smaller scale', async () => {
  expect((await runToEnd('services/provision/main.ts', [], own.env)).status).toBe(0)
  const settings = await topicSettings(own.env, TOPIC)
  const scale = RETENTION_MS / Number(settings['retention.ms'])
  const scaled = (name: string) => String(Math.max(1, Math.round(Number(settings[name]) * scale)))
  await alterTopic(own.env, TOPIC, {
    'retention.ms': scaled('retention.ms'),
    'segment.ms': scaled('segment.ms'),
    'file.delete.delay.ms': scaled('file.delete.delay.ms'),
  })
  const canaries = ['CANARY-busy-7f3a', 'CANARY-idle-91cc']
  for (const [partition, value] of canaries.entries()) await produce(own.env, TOPIC, [{ partition, value }])
  expect(canaries.map((value, partition) => onDisk(partition, value))).toEqual([true, true])

  const producer = testKafka(own.env).producer()
  await producer.connect()
  await expect
    .poll(
      async () => {
        await producer.send({ topic: TOPIC, messages: [{ partition: 0, value: 'young' }] })
        return canaries.map((value, partition) => onDisk(partition, value))
      },
      { interval: 50 },
    )
    .toEqual([false, false])
  await producer.disconnect()
  const [busy] = await withAdmin(testKafka(own.env), (admin) => topicExtent(admin, TOPIC))
  expect(busy?.low, 'the segment of the identity is gone').toBeGreaterThan(0n)
  expect(busy?.high, 'the records after it are still there').toBeGreaterThan(busy?.low ?? 0n)
})
