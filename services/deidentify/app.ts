/** Builds the worker with its dependencies; main.ts reads the environment. */
import type { Kafka } from 'kafkajs'
import { secretsDir } from '#core/config/read.ts'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { markerSubject, subjectOf, topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { committedOffsets } from '#core/kafka/offsets.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { topicIds } from '#core/kafka/topic-ids.ts'
import type { Running } from '#core/process/run-main.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import { startWorker } from '#core/worker/worker.ts'
import type { deidentifyConfig } from './config.ts'
import { deidentifyPipeline } from './pipeline.ts'
import { type Position, parsePosition } from './position.ts'
import { markQuarantined } from './steps/mark-quarantined.ts'
import { batchKey, deidentifyWorker } from './worker.ts'

const CONCURRENCY = 4

export function startDeidentify(
  config: ReturnType<typeof deidentifyConfig>,
  logger: Logger,
  fail: (error: unknown) => void,
): Promise<Running> {
  const secrets = secretsDir('deidentify', config)
  const level1 = pseudonymiser(1, loadOrCreateSecret(secrets, 'pseudonym-level1.key'))
  const tokenSecret = loadOrCreateSecret(secrets, 'linkage-level1.key')
  const namespace = config.CHAINON_NAMESPACE
  return startWorker(
    {
      service: 'deidentify',
      zone: 'identified',
      concurrency: CONCURRENCY,
      minBytes: 1,
      maxWaitMs: 100,
      async setUp({ contracts, registry, kafka, events, suspects, reach }) {
        const producer = orderedProducer(kafka, logger)
        const feedOf = async (contract: FeedContract) => {
          const outputTopic = topicOf(namespace, 'pseudonymised', contract.feed)
          const subject = subjectOf(topicOf(namespace, 'identified', contract.feed))
          const decoder = registry.decoder([identifiedSchema(contract)], [subject])
          const encoder = await registry.encoder(subjectOf(outputTopic), pseudonymisedSchema(contract))
          const pipeline = deidentifyPipeline({ contract, decoder, encoder, pseudonymiser: level1, tokenSecret })
          return { feed: contract.feed, outputTopic, pipeline, decoder }
        }
        const [markerEncoder, feeds] = await reach('the schema registry', () =>
          Promise.all([registry.encoder(markerSubject(namespace), MARKER_SCHEMA), Promise.all(contracts.map(feedOf))]),
        )
        const ids = await reach('Kafka', () => topicIds(kafka))
        const topics = feeds.map((feed) => topicOf(namespace, 'identified', feed.feed))
        const committedAtStart = await reach('Kafka', () => committedPositions(kafka, `${namespace}deidentify`, topics))
        const mark = markQuarantined(markerEncoder)
        const handle = deidentifyWorker({ producer, topicIds: ids, mark, events, suspects, logger, committedAtStart })
        return {
          topics: new Map(
            feeds.map((feed) => [
              topicOf(namespace, 'identified', feed.feed),
              { feed: feed.feed, handle: (batch) => handle(feed, batch) },
            ]),
          ),
          async close() {
            await producer.disconnect()
            await ids.close()
          },
        }
      },
    },
    config,
    logger,
    fail,
  )
}

async function committedPositions(
  kafka: Kafka,
  groupId: string,
  topics: readonly string[],
): Promise<ReadonlyMap<string, Position>> {
  const found = new Map<string, Position>()
  for (const topic of topics) {
    for (const [partition, { offset, metadata }] of await committedOffsets(kafka, groupId, topic)) {
      const position = offset === undefined ? undefined : parsePosition(offset, metadata)
      if (position) found.set(batchKey({ topic, partition }), position)
    }
  }
  return found
}
