/** Builds the worker with its dependencies; main.ts reads the environment. */
import { secretsDir } from '#core/config/read.ts'
import { topicOf } from '#core/contract/names.ts'
import { PERSON_LINK_SCHEMA, personLinkSubject } from '#core/contract/person-link.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { readFingerprints } from '#core/custody/kafka-register.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { defaultModel } from '#core/linkage/default-model.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { sharedTransportSecret } from '#core/linkage/shared-secret.ts'
import type { Running } from '#core/process/run-main.ts'
import { redisClient } from '#core/redis/client.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { startWorker } from '#core/worker/worker.ts'
import type { linkerConfig } from './config.ts'
import type { LinkerCounts } from './link/linker.ts'
import { readModel } from './link/model-file.ts'
import { openLinker } from './stream/open-linker.ts'
import { linkerWorker } from './worker.ts'

/** Only the layout and the kinds of tokens are used: the linker encodes nothing, and has no key of encodings. */
const NO_SECRET = Buffer.alloc(32)

export function startLinker(config: ReturnType<typeof linkerConfig>, logger: Logger): Promise<Running> {
  const namespace = config.CHAINON_NAMESPACE
  return startWorker(
    {
      service: 'linker',
      zone: 'linkage',
      // The index has one writer, which takes one batch after the other.
      concurrency: 1,
      minBytes: 16 * 1024,
      maxWaitMs: 200,
      async setUp({ contracts, registry, kafka, metrics, alarms, events, reach }) {
        const model = config.CHAINON_LINKAGE_MODEL === '' ? defaultModel() : readModel(config.CHAINON_LINKAGE_MODEL)
        const { layout, kinds } = recordEncoder(installationTraits(contracts), NO_SECRET)
        const form = formOf({ layout, kinds })
        const transport = await reach('Kafka', () =>
          sharedTransportSecret(config, () => readFingerprints(kafka, namespace)),
        )
        const redis = redisClient(config, logger)
        const place = {
          redis,
          name: `${namespace}${config.CHAINON_LINKAGE_INDEX}`,
          secret: loadOrCreateSecret(secretsDir('linker', config), 'linkage-index.key'),
          kinds: kinds.length,
          layout,
          form,
          model,
        }
        // An index of another form is known at the start.
        let opened: ReturnType<typeof openLinker> | undefined = reach('Redis', () => openLinker(place))
        await opened
        const encoder = await reach('the schema registry', () =>
          registry.encoder(personLinkSubject(namespace), PERSON_LINK_SCHEMA),
        )
        const expired = metrics.counter('chainon_linkage_expired', 'Encodings that expired before they were read')
        const producer = orderedProducer(kafka, logger)
        const handle = linkerWorker({
          open() {
            const first = opened ?? openLinker(place)
            opened = undefined
            return first
          },
          form: { form, filterWords: layout.words, tokenWords: 2 * kinds.length },
          model: model.version,
          producer,
          encoder,
          linkedTopic: (feed) => topicOf(namespace, 'linked', feed),
          events,
          alarms,
          count: limitCounter(metrics),
          expired: (feed, records) => expired(records, { feed }),
        })
        const linked = contracts.filter((contract) => contract.linked)
        return {
          topics: new Map(
            linked.map(({ feed }) => {
              const topic = topicOf(namespace, 'linkage', feed)
              const seal = linkageSeal(transport, topic)
              return [topic, { feed, handle: (batch) => handle({ feed, seal }, batch) }]
            }),
          ),
          async close() {
            await producer.disconnect()
            redis.disconnect()
          },
        }
      },
    },
    config,
    logger,
  )
}

/** @returns a function that is given the counts since an index was opened, and counts what was added */
function limitCounter(metrics: Metrics): (counts: LinkerCounts) => void {
  const counter = metrics.counter(
    'chainon_linkage',
    'What the linker did: pairs compared, edges; tokens of hubs skipped, records over budget, components split: there a person may depend on the order',
  )
  let before: LinkerCounts = { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0 }
  return (counts) => {
    for (const kind of Object.keys(counts) as (keyof LinkerCounts)[]) {
      const was = counts[kind] < before[kind] ? 0 : before[kind]
      if (counts[kind] > was) counter(counts[kind] - was, { kind })
    }
    before = { ...counts }
  }
}
