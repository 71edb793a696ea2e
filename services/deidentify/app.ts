/** Builds the worker with its dependencies; main.ts reads the environment. */
import { join } from 'node:path'
import { secretsDir } from '#core/config/read.ts'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { markerSubject, subjectOf, topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { encodingSecrets, encodingVersions } from '#core/custody/encoding-versions.ts'
import { fingerprintTopic, kafkaRegister } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { tokenKeyInForce } from '#core/custody/published-key.ts'
import { registeredSecret } from '#core/custody/registered-secret.ts'
import { watchKeys } from '#core/custody/watch-keys.ts'
import { destroyRetiredWraps, linkageFolder, openWritingWrap } from '#core/custody/wrap-keys.ts'
import { serviceJournal } from '#core/journal/service-journal.ts'
import { partitionReader } from '#core/kafka/partition-reader.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { topicIds } from '#core/kafka/topic-ids.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { destroyRetired, ownTransportSecret } from '#core/linkage/shared-secret.ts'
import { objectStore } from '#core/objects/open.ts'
import type { Running } from '#core/process/run-main.ts'
import { dayOf } from '#core/sealing/day.ts'
import { registeredDayKeys } from '#core/sealing/day-keys.ts'
import { SEALED_SCHEMA, sealedSubject } from '#core/sealing/envelope.ts'
import { tokenSealer } from '#core/sealing/tokens.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import { startWorker } from '#core/worker/worker.ts'
import type { deidentifyConfig } from './config.ts'
import { hashedCircuits } from './external/hashed/circuits.ts'
import { destroyNoted } from './external/hashed/journal.ts'
import { circuitWatch } from './external/hashed/watch.ts'
import { assertSealsUnder } from './key-versions.ts'
import { identityEncoders } from './linkage/encode-identity.ts'
import { fileKeeper } from './objects/file-keeper.ts'
import { incomingFiles } from './objects/incoming-files.ts'
import { deidentifyPipeline } from './pipeline.ts'
import { markQuarantined } from './steps/mark-quarantined.ts'
import { loadResources } from './text/resources.ts'
import { dayKeyRounds } from './unseal/day-key-rounds.ts'
import { createOpener } from './unseal/opener.ts'
import { deidentifyWorker } from './worker.ts'

const CONCURRENCY = 4

export function startDeidentify(config: ReturnType<typeof deidentifyConfig>, logger: Logger): Promise<Running> {
  const secrets = secretsDir('deidentify', config)
  const namespace = config.CHAINON_NAMESPACE
  return startWorker(
    {
      service: 'deidentify',
      zone: 'identified',
      concurrency: CONCURRENCY,
      minBytes: 1,
      maxWaitMs: 100,
      async setUp({ contracts, registry, kafka, metrics, alarms, events, suspects, reach }) {
        const producer = orderedProducer(kafka, logger)
        const register = kafkaRegister(kafka, producer, namespace)
        const box = await reach('the key provider', () => openSecretBox(config, secrets))
        const secret = (name: string) =>
          reach('Kafka', () => registeredSecret(secrets, `deidentify/${name}`, register, box))
        const level1 = pseudonymiser(1, await secret('pseudonym-level1.key'))
        const tokenSecret = await secret('linkage-level1.key')
        const recipient = await reach('curate', () => tokenKeyInForce(kafka, namespace))
        const encodingSecret = await secret('linkage-encoding.key')
        const transport = await reach('Kafka', () => ownTransportSecret(config, register))
        await reach('Kafka', () => destroyRetired(config, register, logger))
        const folder = linkageFolder(config)
        const linkageBox = await reach('the key provider', () => openSecretBox(config, folder))
        const {
          wrap,
          tokens: tokenWrap,
          held: wraps,
        } = await reach('Kafka', async () => {
          const names = await register.read()
          const opened = await openWritingWrap({ folder, box: linkageBox }, names)
          destroyRetiredWraps(folder, names, logger)
          return opened
        })
        const sealTokens = await tokenSealer(recipient.publicKey, tokenWrap)
        const encodings = await reach('Kafka', async () => {
          const names = await register.read()
          const secrets = await encodingSecrets({ folder, box: linkageBox }, names)
          return { version: encodingVersions(names.keys()).inForce, secrets }
        })
        const sealsUnder = {
          ...{ tokens: recipient.version, transport: transport.version },
          ...{ encodings: encodings.version, wraps },
        }
        const encoders = identityEncoders(contracts, encodingSecret, level1, encodings.secrets)
        const sealing = join(secrets, 'sealing')
        const dayKeys = await reach('Kafka', () => registeredDayKeys(sealing, dayOf(Date.now()), register, box))
        const objects = await objectStore(config)
        const journal = serviceJournal({
          service: 'deidentify',
          dataDir: config.CHAINON_DATA_DIR,
          secretsDir: secrets,
          namespace,
          kafka,
          alarms,
          metrics,
          logger,
        })
        const hashed = hashedCircuits(config.CHAINON_DATA_DIR, secrets, box)
        const circuits = circuitWatch({
          circuits: hashed,
          destroy: (circuit) =>
            destroyNoted(journal, hashed, circuit, { reason: 'expired', actor: 'service:deidentify' }),
          metrics,
          alarms,
          logger,
        })
        await circuits.start()
        const feedOf = async (contract: FeedContract) => {
          const outputTopic = topicOf(namespace, 'pseudonymised', contract.feed)
          const subject = subjectOf(topicOf(namespace, 'identified', contract.feed))
          const decoder = registry.decoder([identifiedSchema(contract)], [subject])
          const encoder = await registry.encoder(subjectOf(outputTopic), pseudonymisedSchema(contract))
          const linkageTopic = contract.linked ? topicOf(namespace, 'linkage', contract.feed) : undefined
          const encodeIdentity =
            linkageTopic && encoders(contract, linkageSeal(transport.secret, linkageTopic, transport.version))
          const pipeline = deidentifyPipeline({
            contract,
            decoder,
            encoder,
            pseudonymiser: level1,
            wrap,
            tokenSecret,
            sealTokens,
            ...(encodeIdentity && { encodeIdentity }),
            ...(objects &&
              contract.objects && {
                files: fileKeeper({
                  store: objects,
                  contract,
                  pseudonymiser: level1,
                  allowed: config.CHAINON_OBJECT_BURNED_IN,
                }),
              }),
            circuits,
            textResources: loadResources,
          })
          return { feed: contract.feed, outputTopic, linkageTopic, pipeline, decoder }
        }
        const [markerEncoder, feeds] = await reach('the schema registry', () =>
          Promise.all([registry.encoder(markerSubject(namespace), MARKER_SCHEMA), Promise.all(contracts.map(feedOf))]),
        )
        const sealed = registry.decoder([SEALED_SCHEMA], [sealedSubject(namespace)])
        const opener = createOpener(sealed, dayKeys)
        const rounds = dayKeyRounds({
          dayKeys,
          producer,
          namespace,
          retentionMs: config.CHAINON_IDENTIFIED_RETENTION_HOURS * 3_600_000,
          onShredded: () => opener.forget(),
          journal,
          alarms,
          logger,
        })
        await reach('Kafka', () => rounds.start())
        const incoming =
          objects &&
          incomingFiles({
            store: objects,
            retentionMs: config.CHAINON_IDENTIFIED_RETENTION_HOURS * 3_600_000,
            metrics,
            alarms,
            logger,
          })
        incoming?.start()
        const ids = await reach('Kafka', () => topicIds(kafka))
        const mark = markQuarantined(markerEncoder)
        const output = partitionReader(kafka)
        const assertInForce = async () =>
          assertSealsUnder(namespace, await output.all(fingerprintTopic(namespace), 0), sealsUnder)
        const keyTimer = watchKeys(assertInForce, logger)
        const handle = deidentifyWorker({
          producer,
          topicIds: ids,
          output,
          opener,
          incoming,
          mark,
          events,
          suspects,
          logger,
          assertInForce,
        })
        return {
          sealsUnder: { transport: transport.version, tokens: recipient.version },
          topics: new Map(
            feeds.map((feed) => [
              topicOf(namespace, 'identified', feed.feed),
              { feed: feed.feed, handle: (batch) => handle(feed, batch) },
            ]),
          ),
          async close() {
            clearInterval(keyTimer)
            rounds.stop()
            incoming?.stop()
            await circuits.stop()
            await journal.stop()
            await producer.disconnect()
            await output.close()
            await ids.close()
          },
        }
      },
    },
    config,
    logger,
  )
}
