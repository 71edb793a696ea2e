/** The last message of a partition on the real broker, without a group. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LastMessages, lastMessages } from '#core/kafka/last-message.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { produce, testKafka } from '../helpers/kafka.ts'
import { isolated } from '../helpers/servers.ts'

const own = isolated()
const topic = `${own.namespace}last`
let last: LastMessages

beforeAll(async () => {
  const kafka = testKafka(own.env)
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }))
  last = lastMessages(kafka)
})
afterAll(async () => {
  await last?.close()
  own.remove()
})

test('it is the last one of a batch and of several, with its headers; an empty partition has none', async () => {
  await expect.poll(() => last.of(topic, 0).catch(() => 'not yet'), { timeout: 30_000 }).toBeUndefined()
  const messages = ['a', 'b', 'c'].map((value) => ({ partition: 1, value, headers: { of: value } }))
  await produce(own.env, topic, messages)
  const found = async () => {
    const message = await last.of(topic, 1)
    return [message?.offset, String(message?.value), String(message?.headers?.of)]
  }
  expect(await found()).toEqual(['2', 'c', 'c'])
  await produce(own.env, topic, messages.slice(0, 1))
  expect(await found()).toEqual(['3', 'a', 'a'])
  expect(await last.of(topic, 0)).toBeUndefined()
})

test('a partition that does not exist has no leader that answers', async () => {
  await expect(last.of(topic, 9)).rejects.toMatchObject({ code: 'dependency-unavailable' })
})
