/** Builds the worker with its dependencies; main.ts reads the environment. */
import { secretsDir } from '#core/config/read.ts'
import { decisionsTopic } from '#core/contract/link-decision.ts'
import { topicOf } from '#core/contract/names.ts'
import { PERSON_LINK_SCHEMA, personLinkSubject } from '#core/contract/person-link.ts'
import { assertEncodes, assertNotMoving, encodingSecrets, encodingVersions } from '#core/custody/encoding-versions.ts'
import { fingerprintsOf, fingerprintTopic } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { sealingVersions, TRANSPORT } from '#core/custody/sealing-versions.ts'
import { watchKeys } from '#core/custody/watch-keys.ts'
import { destroyRetiredWraps, linkageFolder, openWritingWrap } from '#core/custody/wrap-keys.ts'
import { assertMayWrite, assertWraps, wrapVersions } from '#core/custody/wrap-versions.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { commandSecret, registerCommands } from '#core/http/command-door.ts'
import { partitionReader } from '#core/kafka/partition-reader.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { encodingWraps } from '#core/linkage/encoding-wrap.ts'
import { linkageOpener } from '#core/linkage/seal.ts'
import { destroyRetired, sharedTransportSecrets } from '#core/linkage/shared-secret.ts'
import { every } from '#core/process/loop.ts'
import type { Running } from '#core/process/run-main.ts'
import { redisClient } from '#core/redis/client.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { startWorker, type TopicWork } from '#core/worker/worker.ts'
import { type linkerConfig, snapshotFolder } from './config.ts'
import { COMMANDS } from './console-commands.ts'
import { indexForm, linkageForm } from './index/index-form.ts'
import { indexName, indexSecret } from './index/index-secret.ts'
import { indexKeys } from './index/keys.ts'
import { indexLease } from './index/lease.ts'
import { FORMAT } from './index/stored-index.ts'
import type { LinkerCounts } from './link/linker.ts'
import { assertMoved, destroyRetiredIndexKeys } from './rotate/former-indexes.ts'
import { snapshotSchedule } from './snapshot/schedule.ts'
import { readSnapshotKey } from './snapshot/snapshot-key.ts'
import { takeSnapshot } from './snapshot/take-snapshot.ts'
import { countFrequencies } from './stream/count-frequencies.ts'
import { type OpenLinker, openLinker } from './stream/open-linker.ts'
import { decisionsOf } from './stream/read-decisions.ts'
import { assertHeld, assertOpenable } from './stream/transport-keys.ts'
import { DECISIONS_NAME, linkerWorker } from './worker.ts'

/** While there is nothing to reconcile, it is looked for so often. */
const RECONCILE_MS = 500
const taken = () => new ChainonError('link-index-taken', 'another linker has the linkage index')
/** A snapshot or a count that is under way is given up. */
const ENDING = new ChainonError('dependency-unavailable', 'the linker ends')
/** How often it is looked whether a snapshot is due or asked for. */
const SNAPSHOT_MS = 1000
/** How often it is looked whether the values of the index are to be counted. */
const FREQUENCIES_MS = 10_000

export function startLinker(
  config: ReturnType<typeof linkerConfig>,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<Running> {
  const secret = commandSecret(config)
  const namespace = config.CHAINON_NAMESPACE
  return startWorker(
    {
      service: 'linker',
      zone: 'linkage',
      // The index has one writer, which takes one batch after the other.
      concurrency: 1,
      minBytes: 16 * 1024,
      maxWaitMs: 200,
      routes: (admin) => registerCommands(admin, { secret, env, now: Date.now, commands: COMMANDS }),
      async setUp({ contracts, registry, kafka, metrics, alarms, events, reach, waitForTurn }) {
        const { layout, kinds, form, model } = linkageForm(config, contracts)
        const ownTopics = partitionReader(kafka)
        const register = { read: async () => fingerprintsOf(await ownTopics.all(fingerprintTopic(namespace), 0)) }
        const transport = await reach('Kafka', () => sharedTransportSecrets(config, register))
        await reach('Kafka', () => destroyRetired(config, register, logger))
        const held = new Set(transport.keys())
        const versionsNow = async () => sealingVersions(TRANSPORT, (await register.read()).keys())
        const folder = linkageFolder(config)
        const linkageBox = await reach('the key provider', () => openSecretBox(config, folder))
        const { wrap, held: wraps } = await reach('Kafka', async () => {
          const names = await register.read()
          const opened = await openWritingWrap({ folder, box: linkageBox }, names)
          destroyRetiredWraps(folder, names, logger)
          return opened
        })
        const names = await reach('Kafka', () => register.read())
        const encodings = encodingVersions(names.keys())
        assertNotMoving(encodings)
        const version = encodings.inForce
        const lifting = encodingWraps(layout, await encodingSecrets({ folder, box: linkageBox }, names))
        const assertInForce = async () => {
          const names = [...(await register.read()).keys()]
          assertHeld(held, sealingVersions(TRANSPORT, names))
          const versions = wrapVersions(names)
          assertMayWrite(versions)
          assertWraps(versions, wraps)
          const encodings = encodingVersions(names)
          assertNotMoving(encodings)
          assertEncodes(encodings, version)
        }
        const secrets = secretsDir('linker', config)
        const secret = await reach('the key provider', () => indexSecret(secrets, config, version, names))
        const redis = redisClient(config, logger)
        const place = {
          redis,
          name: indexName(config, version),
          secret,
          kinds: kinds.length,
          encodings: lifting,
          layout,
          form,
          model,
        }
        const lease = indexLease(redis, place.name, logger)
        const standby = metrics.gauge(
          'chainon_linkage_standby',
          '1 while another linker has the index, and this one waits',
        )
        standby(0, {})
        await waitForTurn(
          () => reach('Redis', () => lease.take()),
          (isWaiting) => standby(isWaiting ? 1 : 0, {}),
        )
        // What it has opened may no longer be in force, after it has waited for long.
        await reach('Kafka', assertInForce)
        // Whoever supervises it starts it again, and it waits.
        lease.keep(() => void Promise.reject(taken()))
        // An index of another form is known at the start.
        const openMoved = async () => {
          await assertMoved(redis, config, encodings)
          return openLinker(place)
        }
        let first: OpenLinker | undefined = await reach('Redis', openMoved)
        destroyRetiredIndexKeys(secrets, encodings, logger)
        /** No message of the log of decisions may ever come again to an index that was lost: what it has is read at each opening. */
        const open = async () => {
          await assertInForce()
          // Whoever takes the index from the one that has it only keeps both from their work.
          if (!(await lease.take())) throw taken()
          const opened = first ?? (await openMoved())
          first = undefined
          await opened.links.decide(decisionsOf(await ownTopics.all(decisionsTopic(namespace), 0), wrap))
          return opened
        }
        const encoder = await reach('the schema registry', () =>
          registry.encoder(personLinkSubject(namespace), PERSON_LINK_SCHEMA),
        )
        const expired = metrics.counter('chainon_linkage_expired', 'Encodings that expired before they were read')
        const producer = orderedProducer(kafka, logger)
        const waiting = metrics.gauge(
          'chainon_linkage_unreconciled',
          'Records that met a limit, or were there when values were counted, and are not reconciled',
        )
        const { handle, decide, reconcile, between } = linkerWorker({
          open,
          assertOpenable: assertOpenable(held, versionsNow),
          form: { form, filterWords: layout.words, tokenWords: 2 * kinds.length },
          wraps: lifting,
          model: model.version,
          producer,
          encoder,
          wrap,
          linkedTopic: (feed) => topicOf(namespace, 'linked', feed),
          events,
          alarms,
          count: limitCounter(metrics),
          expired: (feed, records) => expired(records, { feed }),
          unreconciled: (records) => waiting(records, {}),
        })
        const keyTimer = watchKeys(assertInForce, logger)
        let closed = false
        const reconciling = every(RECONCILE_MS, async () => {
          try {
            while (!closed && (await reconcile()));
          } catch (error) {
            logger.warn(
              { err: safeError(error) },
              'a step of the reconciliation of the links failed, and is tried again',
            )
          }
        })
        const whileOpen: typeof between = (work) => (closed ? Promise.reject(ENDING) : between(work))
        const frequencies = metrics.gauge(
          'chainon_linkage_frequencies_records',
          'Records that the index had when the values of its persons were counted; 0: equal values of a trait weigh alike',
        )
        const counting = every(FREQUENCIES_MS, async () => {
          try {
            const { records, isNew } = await countFrequencies(whileOpen)
            frequencies(records, {})
            if (isNew)
              logger.info(
                { event: 'linkage-frequencies', records },
                'the values of the index were counted: its links are corrected',
              )
          } catch (error) {
            if (!closed) logger.warn({ err: safeError(error) }, 'the values of the index were not counted, and will be')
          }
        })
        const snapshots = every(
          SNAPSHOT_MS,
          snapshotSchedule({
            folder: snapshotFolder(config),
            index: place.name,
            form: { ...indexForm({ form, model, keys: indexKeys(secret), kinds: kinds.length }), format: FORMAT },
            hours: config.CHAINON_LINKAGE_SNAPSHOT_HOURS,
            kept: config.CHAINON_LINKAGE_SNAPSHOTS_KEPT,
            key: () => readSnapshotKey(secrets, secret),
            take: (path, header, publicKey, onProgress) =>
              takeSnapshot({ between: whileOpen }, path, header, { publicKey, indexSecret: secret }, onProgress),
            alarms,
            metrics,
            logger,
            now: Date.now,
          }),
        )
        const linked = contracts.filter((contract) => contract.linked)
        return {
          topics: new Map([
            ...linked.map(({ feed }): [string, TopicWork] => {
              const topic = topicOf(namespace, 'linkage', feed)
              const seal = linkageOpener(transport, topic)
              return [topic, { feed, handle: (batch) => handle({ feed, seal }, batch) }]
            }),
            [decisionsTopic(namespace), { feed: DECISIONS_NAME, handle: decide }],
          ]),
          async close() {
            closed = true
            clearInterval(keyTimer)
            await Promise.all([reconciling.stop(), counting.stop(), snapshots.stop()])
            await ownTopics.close()
            await producer.disconnect()
            await lease.release()
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
  let before: LinkerCounts = { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0, reconciled: 0 }
  return (counts) => {
    for (const kind of Object.keys(counts) as (keyof LinkerCounts)[]) {
      const was = counts[kind] < before[kind] ? 0 : before[kind]
      if (counts[kind] > was) counter(counts[kind] - was, { kind })
    }
    before = { ...counts }
  }
}
