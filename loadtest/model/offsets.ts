/** What a rebalance asks of Kafka: the committed offsets of every partition with their metadata, and the extents of the topics. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '#core/config/read.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { timed } from './spread.ts'

const REPEATS = 7
const GROUP = 'loadtest-model'
/** As long as an intent (services/curate/load/intent.ts). */
const METADATA = JSON.stringify({ hwm: '1000000000', to: '1000020000' })

export async function measureOffsets(env: NodeJS.ProcessEnv): Promise<readonly unknown[]> {
  const config = readConfig('loadtest', KAFKA_KEYS, env)
  const kafka = kafkaClient('loadtest', config, createLogger('loadtest', 'error'))
  return withAdmin(kafka, async (admin) => {
    const results: unknown[] = []
    for (const partitions of [4, 64, 500]) {
      const topic = `model.${partitions}`
      await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
      await untilLed(() => admin.fetchTopicOffsets(topic))
      await admin.setOffsets({
        groupId: GROUP,
        topic,
        partitions: Array.from({ length: partitions }, (_, partition) => ({
          partition,
          offset: '0',
          metadata: METADATA,
        })),
      })
      results.push({
        partitions,
        committed_offsets_ms: await timed(REPEATS, () => admin.fetchOffsets({ groupId: GROUP, topics: [topic] })),
        topic_extent_ms: await timed(REPEATS, () => admin.fetchTopicOffsets(topic)),
        new_connection_and_committed_offsets_ms: await timed(REPEATS, () =>
          withAdmin(kafka, (own) => own.fetchOffsets({ groupId: GROUP, topics: [topic] })),
        ),
      })
    }
    return results
  })
}

/** The leaders of a new topic's partitions are elected one after the other. */
async function untilLed(read: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await read()
      return
    } catch {
      await sleep(500)
    }
  }
}
