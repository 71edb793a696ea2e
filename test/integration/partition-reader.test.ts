/** Messages of a partition on the real broker, without a group. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PartitionReader, partitionReader } from '#core/kafka/partition-reader.ts'
import { createTopics, produce, testKafka } from '../helpers/kafka.ts'
import { isolated } from '../helpers/servers.ts'

const own = isolated()
const topic = `${own.namespace}last`
let reader: PartitionReader

beforeAll(async () => {
  await createTopics(own.env, [topic], 2)
  reader = partitionReader(testKafka(own.env))
})
afterAll(async () => {
  await reader?.close()
  own.remove()
})

test('it is the last one of a batch and of several, with its headers; an empty partition has none', async () => {
  await expect.poll(() => reader.last(topic, 0).catch(() => 'not yet')).toBeUndefined()
  const messages = ['a', 'b', 'c'].map((value) => ({ partition: 1, value, headers: { of: value } }))
  await produce(own.env, topic, messages)
  const found = async () => {
    const message = await reader.last(topic, 1)
    return [message?.offset, String(message?.value), String(message?.headers?.of)]
  }
  expect(await found()).toEqual(['2', 'c', 'c'])
  await produce(own.env, topic, messages.slice(0, 1))
  expect(await found()).toEqual(['3', 'a', 'a'])
  expect(await reader.last(topic, 0)).toBeUndefined()
  expect((await reader.all(topic, 1)).map(({ offset, value }) => `${offset}${String(value)}`)).toEqual([
    '0a',
    '1b',
    '2c',
    '3a',
  ])
  expect(await reader.all(topic, 0)).toEqual([])
})

test('a partition that does not exist has no leader that answers', async () => {
  await expect(reader.last(topic, 9)).rejects.toMatchObject({ code: 'dependency-unavailable' })
})
