/**
 * kafkajs goes on with a batch after the record log has given it up: what the sender was told may not be stored is stored behind its own
 * correction. On the real broker, through a connection that is held.
 */
import { connect } from 'node:net'
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { withAdmin } from '#core/kafka/offsets.ts'
import { reconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { mintIdentified } from '#core/pipeline/zones.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { versionOf } from '../../services/curate/load/rows.ts'
import { stampClock } from '../../services/gateway/ingest/stamp.ts'
import { watchLeaders } from '../../services/gateway/log/leaders.ts'
import { logProducer } from '../../services/gateway/log/producer.ts'
import { openRecordLog, type RecordLog } from '../../services/gateway/log/record-log.ts'
import { watchUnavailable } from '../../services/gateway/log/unavailable.ts'
import { createTopics, kafkaAccess, readTopics, testKafka } from '../helpers/kafka.ts'
import { isolated, servers } from '../helpers/servers.ts'

/** What one client sends is held while `closed`, on new connections too. */
function heldClient() {
  const gate = { closed: false, waiting: [] as (() => void)[] }
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect(port, host, onConnect)
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
    socket.write = (...args: unknown[]) => {
      if (!gate.closed) return write(...args)
      gate.waiting.push(() => void (socket.destroyed || write(...args)))
      return true
    }
    return socket
  }
  const kafka = new Kafka({ clientId: 'held', ...kafkaAccess(servers()), logLevel: logLevel.NOTHING, socketFactory })
  const open = () => {
    gate.closed = false
    for (const send of gate.waiting.splice(0)) send()
  }
  return { kafka, gate, open }
}

/** The record log as the gateway opens it; the leaders are read over a connection that is not held. */
async function opened(kafka: Kafka, env: Readonly<Record<string, string>>, topic: string) {
  const logger = pino({ level: 'silent' })
  const admin = reconnectingAdmin(testKafka(env))
  const leaders = watchLeaders(admin, [topic], logger)
  const unavailable = watchUnavailable(leaders, new Map(), createAlarms(), createMetrics('test'))
  return await new Promise<{ readonly log: RecordLog; stop(): Promise<void> }>((resolve) => {
    const log: RecordLog = openRecordLog({
      openProducer: () => logProducer(kafka),
      leaders,
      unavailable,
      logger,
      onDown: () => undefined,
      onUp: () => queueMicrotask(() => resolve({ log, stop })),
    })
    async function stop(): Promise<void> {
      await leaders.stop()
      await Promise.all([log.stop(), admin.close()])
    }
  })
}

test('a record that was answered 503 lands behind its correction, and the correction stays in force', async () => {
  const place = isolated()
  const topic = `${place.namespace}identified.observation`
  await createTopics(place.env, [topic], 1)
  const stamp = stampClock(Date.now)
  const batch = (value: number) => [
    {
      topic,
      messages: [
        mintIdentified({
          key: 'k'.repeat(22),
          value: Buffer.from(JSON.stringify({ value, at: stamp() })),
          recordHash: value,
        }),
      ],
    },
  ]
  const held = heldClient()
  const [first, second] = await Promise.all([
    opened(held.kafka, place.env, topic),
    opened(testKafka(place.env), place.env, topic),
  ])
  // The client knows the topic now: what is held next is the request with the record.
  expect(await first.log.append(batch(0))).toMatchObject({ missing: [[]] })
  held.gate.closed = true
  // The sender is answered 503 here, and sends the correction to another gateway.
  expect(await first.log.append(batch(1))).toEqual({ missing: [[0]], doubtful: true, partition: false, placed: [[]] })
  expect(await second.log.append(batch(2))).toMatchObject({ missing: [[]] })
  held.open()
  await expect
    .poll(() => withAdmin(testKafka(place.env), (admin) => admin.fetchTopicOffsets(topic)))
    .toMatchObject([{ high: '3' }])
  const stored = (await readTopics(place.env, [topic])).map(({ partition, offset, value }) => {
    const record = JSON.parse(String(value)) as { value: number; at: number }
    return { value: record.value, version: BigInt(versionOf(0, record.at, partition, BigInt(offset))) }
  })
  expect(stored.map(({ value }) => value)).toEqual([0, 2, 1])
  expect(stored[1]?.version).toBeGreaterThan(stored[2]?.version ?? 0n)
  await Promise.all([first.stop(), second.stop()])
  place.remove()
})
