/** The settings of a lane's producer, on kafkajs' own client that is not connected. */
import { Kafka, logLevel, type ProducerBatch, type ProducerConfig } from 'kafkajs'
import { expect, test, vi } from 'vitest'
import { logProducer } from '../../../../services/gateway/log/producer.ts'

test('it waits for all replicas, is idempotent with one request in flight, and sends each message to its partition', async () => {
  const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })
  const make = vi.spyOn(kafka, 'producer')
  const producer = logProducer(kafka)
  const config = make.mock.calls[0]?.[0] as ProducerConfig
  expect(config).toMatchObject({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  const made = make.mock.results[0]?.value as { sendBatch(batch: ProducerBatch): Promise<unknown> }
  const send = vi.spyOn(made, 'sendBatch').mockResolvedValue([])
  const messages = [{ key: 'k', value: Buffer.from('v'), partition: 3 }]
  await producer.send([{ topic: 'identified.a', messages }], 1000)
  expect(send).toHaveBeenCalledWith({ acks: -1, timeout: 1000, topicMessages: [{ topic: 'identified.a', messages }] })
  const partition = config.createPartitioner?.()
  expect(partition?.({ topic: 'identified.a', partitionMetadata: [], message: messages[0] as never })).toBe(3)
})
