/** Builds the gateway's server; it does not listen yet, and does not read the environment. */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { AvroRegistry } from '#core/avro/registry.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Mac } from '#core/crypto/hmac.ts'
import type { HttpSettings } from '#core/http/settings.ts'
import type { Hourly } from '#core/journal/hourly.ts'
import type { Journal } from '#core/journal/journal.ts'
import type { KeyStore } from '#core/keys/store.ts'
import type { KeyUse } from '#core/keys/use.ts'
import type { ObjectStore } from '#core/objects/store.ts'
import type { RetentionWatch } from '#core/retention/watch.ts'
import { SEALED_SCHEMA, sealedSubject } from '#core/sealing/envelope.ts'
import { type AdminDependencies, registerPublicHealth } from '#core/telemetry/admin-server.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { VERSION } from '#core/version.ts'
import type { Settings } from './decode/hl7/settings.ts'
import { openFeed } from './encode/pipeline.ts'
import type { FailureStore } from './failures/store.ts'
import { watchFailures } from './failures/watch.ts'
import { createDegraded } from './http/degraded.ts'
import { createLogins } from './http/logins.ts'
import { countRefused, inFlightGauge, observeRequests } from './http/observe.ts'
import type { Pace } from './http/pace.ts'
import { clientErrors, frameworkError, installProblems, MAX_HEADER_BYTES } from './http/problems.ts'
import { createQuotas } from './http/rate-limit.ts'
import { createShares, type ShareLimits } from './http/shares.ts'
import { ingestEvents } from './ingest/events.ts'
import type { IdempotencyStore } from './ingest/idempotency.ts'
import { createIngest } from './ingest/ingest.ts'
import type { QuotaLimits, QuotaStore } from './ingest/quotas.ts'
import type { Stamp } from './ingest/stamp.ts'
import { countUnmapped } from './ingest/unmapped.ts'
import type { RecordLog } from './log/record-log.ts'
import { mllpEvents } from './mllp/events.ts'
import { createMllp, type Mllp } from './mllp/listen.ts'
import type { ListenerSettings } from './mllp/listeners-file.ts'
import { installOpenapi } from './openapi/install.ts'
import { ProblemError } from './problem.ts'
import { createFollow } from './receipts/follow.ts'
import type { ReceiptStore } from './receipts/lookup.ts'
import { receiptNotes } from './receipts/notes.ts'
import type { Spool } from './receipts/spool.ts'
import { createSummary } from './receipts/summary.ts'
import type { KnownTopicIds } from './receipts/topic-ids.ts'
import { dicomRoutes } from './routes/dicom.ts'
import { eventsRoute } from './routes/events.ts'
import { feedsRoutes } from './routes/feeds.ts'
import { fhirRoute } from './routes/fhir.ts'
import { fhirResourceRoutes } from './routes/fhir-resources.ts'
import { hl7Route } from './routes/hl7.ts'
import { keyRoute } from './routes/key.ts'
import { pmsiRoute } from './routes/pmsi.ts'
import { receiptsRoutes } from './routes/receipts.ts'
import { recordsRoutes } from './routes/records.ts'
import type { DayKeyWatch } from './seal/day-key-watch.ts'
import { createSealer } from './seal/sealer.ts'
import type { Tokens } from './tokens/tokens.ts'

export interface GatewayDependencies {
  readonly contracts: readonly FeedContract[]
  readonly namespace: string
  readonly registry: Pick<AvroRegistry, 'encoder'>
  readonly keys: KeyStore
  /** Undefined: no token is accepted. */
  readonly tokens: Tokens | undefined
  readonly keyUse: Pick<KeyUse, 'used'>
  readonly journal: Pick<Journal, 'note'>
  readonly uses: Hourly
  /** Waits before the answer to a failed login. */
  readonly pause: (ms: number) => Promise<void>
  readonly log: RecordLog
  readonly dayKeys: Pick<DayKeyWatch, 'keyOf'>
  readonly idempotency: IdempotencyStore
  readonly quotas: QuotaStore
  readonly receipts: {
    readonly spool: Pick<Spool, 'add' | 'bring'>
    readonly store: ReceiptStore
    readonly topicIds: Pick<KnownTopicIds, 'of'>
    /** How long a receipt is kept, in milliseconds. */
    readonly keptMs: number
  }
  /** Where files are kept; undefined: only what they say of themselves. */
  readonly objects: ObjectStore | undefined
  readonly failures: FailureStore
  readonly retention: Pick<RetentionWatch, 'isNearRetention'>
  /** Keyed with the routing key. */
  readonly routing: Mac
  readonly stamp: Stamp
  readonly metrics: Metrics
  readonly logger: Logger
  readonly limits: Limits
  readonly http: HttpSettings
  /** What messages of HL7 v2 do not say of themselves. */
  readonly hl7: Settings
  readonly mllp: readonly ListenerSettings[]
  /** Told of the MLLP listeners once they listen. */
  readonly onMllp: (mllp: Pick<Mllp, 'health'>) => void
  readonly health: AdminDependencies['health']
}

export interface Limits extends ShareLimits {
  readonly maxBodyBytes: number
  readonly maxRecordBytes: number
  readonly maxRecords: number
  /** Milliseconds within which the headers of a request must come. */
  readonly headerMs: number
  /** Of bodies and of frames of MLLP. */
  readonly pace: Pace
  readonly quotas: QuotaLimits
  /** How long Redis is not asked after it has not answered. */
  readonly redisPauseMs: number
  /** Answers to failed logins that wait at the same time; each occupies a connection. */
  readonly maxSlowedLogins: number
}

/** Milliseconds between two looks at connections whose headers are late. */
const CHECK_CONNECTIONS_MS = 5_000

/** @throws ChainonError dependency-unavailable when the registry is unreachable, ConfigurationError when a contract does not fit it */
export async function buildGateway(dependencies: GatewayDependencies): Promise<FastifyInstance> {
  const { limits, logger } = dependencies
  const { headerMs, pace } = limits
  const refused = countRefused(dependencies.metrics)
  const listening = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headerMs,
    connectionsCheckingInterval: Math.min(CHECK_CONNECTIONS_MS, headerMs),
  }
  const { https, ...server } = dependencies.http.server
  const app = Fastify({
    ...server,
    ...(https ? { https: { ...https, ...listening } } : { http: listening }),
    logger: false,
    genReqId: () => randomUUID(),
    // Bodies have a limit of their own, which is shorter: this one is for addresses that read none.
    requestTimeout: headerMs + pace.totalMs,
    // Silent in both directions: also a sender that does not read its answer.
    connectionTimeout: headerMs + pace.totalMs,
    // A request that comes while the server closes is still answered, on a connection that then ends.
    return503OnClosing: false,
    bodyLimit: limits.maxBodyBytes,
    frameworkErrors: frameworkError,
    clientErrorHandler: clientErrors({ headerMs, bodyMs: pace.totalMs }, refused),
    routerOptions: { caseSensitive: true },
  } as FastifyServerOptions)
  installProblems(app, logger)
  app.addHook('onRequest', async (request) => {
    const refusal = dependencies.http.guard(request.raw)
    if (refusal) throw new ProblemError(refusal)
  })
  observeRequests(app, dependencies.metrics)
  // The routes read the bodies, after the checks of key and free bytes; no parser may read them before.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  await installOpenapi(app, dependencies.contracts, VERSION)

  const opened = await Promise.all(
    dependencies.contracts.map((contract) =>
      openFeed(contract, dependencies.namespace, dependencies.registry, dependencies.routing, limits.maxRecordBytes),
    ),
  )
  const feeds = new Map(opened.map((feed) => [feed.contract.feed, feed]))
  const { log, idempotency, objects, retention, stamp } = dependencies
  const { spool, store, topicIds, keptMs } = dependencies.receipts
  const degraded = createDegraded(dependencies.metrics, limits.redisPauseMs, () => performance.now())
  const quotas = createQuotas(dependencies.quotas, limits.quotas, degraded, refused)
  const envelope = await dependencies.registry.encoder(sealedSubject(dependencies.namespace), SEALED_SCHEMA)
  const sealer = createSealer(dependencies.dayKeys, envelope, Date.now)
  const events = ingestEvents(dependencies.metrics)
  const unmapped = countUnmapped(dependencies.metrics)
  // A body that can never be in flight can never be accepted: it is too large (413), and not one too many (429).
  const maxBodyBytes = Math.min(limits.maxBodyBytes, limits.maxInFlightBytes, limits.producerInFlightBytes)
  const routes = {
    feeds,
    logins: createLogins(dependencies),
    ingest: createIngest({
      feeds,
      maxRecords: limits.maxRecords,
      stamp,
      log,
      sealer,
      idempotency,
      degraded,
      quotas,
      retention,
      objects,
      events,
      receipts: receiptNotes({ spool, contracts: dependencies.contracts, topicId: topicIds.of, keptMs }),
      logger,
    }),
    shares: createShares(limits, inFlightGauge(dependencies.metrics), refused),
    refused,
    quotas,
    limits: { ...limits, maxBodyBytes },
    maxBodyBytes,
    maxRecordBytes: limits.maxRecordBytes,
    hl7: dependencies.hl7,
    onUnmapped: unmapped('hl7'),
  }
  recordsRoutes(app, routes)
  const fhir = { ...routes, onUnmapped: unmapped('fhir') }
  fhirRoute(app, fhir)
  fhirResourceRoutes(app, fhir)
  hl7Route(app, routes)
  const keepFiles = objects !== undefined && feeds.get('imaging')?.contract.objects === true
  dicomRoutes(app, { ...routes, onUnmapped: unmapped('dicom'), keepFiles })
  pmsiRoute(app, { ...routes, onUnmapped: unmapped('pmsi') })
  keyRoute(app, routes.logins)
  receiptsRoutes(app, {
    logins: routes.logins,
    follow: createFollow({ store, spool, feeds, routing: dependencies.routing, keptMs, now: Date.now }),
    summary: createSummary({ store, quotas, now: Date.now }),
  })
  const watch = watchFailures(dependencies.failures, logger)
  eventsRoute(app, { logins: routes.logins, watch, feeds })
  app.addHook('onClose', () => watch.stop())
  feedsRoutes(app, dependencies.contracts)
  registerPublicHealth(app, dependencies.health)
  const mllp = createMllp({
    ...routes,
    keys: dependencies.keys,
    keyUse: dependencies.keyUse,
    logger,
    listeners: dependencies.mllp,
    events: mllpEvents(dependencies.metrics),
  })
  app.addHook('onReady', async () => {
    await mllp.start()
    dependencies.onMllp(mllp)
  })
  app.addHook('onClose', () => mllp.stop())
  return app
}
