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
import type { RetentionWatch } from '#core/retention/watch.ts'
import { SEALED_SCHEMA, sealedSubject } from '#core/sealing/envelope.ts'
import { type AdminDependencies, registerPublicHealth } from '#core/telemetry/admin-server.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { VERSION } from '#core/version.ts'
import type { Settings } from './decode/hl7/settings.ts'
import { openFeed } from './encode/pipeline.ts'
import { createInFlight } from './http/in-flight.ts'
import { createLogins } from './http/logins.ts'
import { inFlightGauge, observeRequests } from './http/observe.ts'
import { clientError, frameworkError, installProblems } from './http/problems.ts'
import { ingestEvents } from './ingest/events.ts'
import type { IdempotencyStore } from './ingest/idempotency.ts'
import { createIngest } from './ingest/ingest.ts'
import type { Stamp } from './ingest/stamp.ts'
import { countUnmapped } from './ingest/unmapped.ts'
import type { RecordLog } from './log/record-log.ts'
import { mllpEvents } from './mllp/events.ts'
import { createMllp, type Mllp } from './mllp/listen.ts'
import type { ListenerSettings } from './mllp/listeners-file.ts'
import { installOpenapi } from './openapi/install.ts'
import { ProblemError } from './problem.ts'
import { feedsRoutes } from './routes/feeds.ts'
import { fhirRoute } from './routes/fhir.ts'
import { hl7Route } from './routes/hl7.ts'
import { keyRoute } from './routes/key.ts'
import { recordsRoutes } from './routes/records.ts'
import type { DayKeyWatch } from './seal/day-key-watch.ts'
import { createSealer } from './seal/sealer.ts'

export interface GatewayDependencies {
  readonly contracts: readonly FeedContract[]
  readonly namespace: string
  readonly registry: AvroRegistry
  readonly keys: KeyStore
  readonly keyUse: Pick<KeyUse, 'used'>
  readonly journal: Pick<Journal, 'note'>
  readonly uses: Hourly
  /** Waits before the answer to a failed login. */
  readonly pause: (ms: number) => Promise<void>
  readonly log: RecordLog
  readonly dayKeys: Pick<DayKeyWatch, 'keyOf'>
  readonly idempotency: IdempotencyStore
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

export interface Limits {
  readonly maxBodyBytes: number
  readonly maxRecordBytes: number
  readonly maxRecords: number
  readonly maxInFlightBytes: number
  /** Answers to failed logins that wait at the same time; each occupies a connection. */
  readonly maxSlowedLogins: number
}

/** A request must be complete within this: a client that sends few bytes at a time occupies memory and a connection. */
const REQUEST_TIMEOUT_MS = 120_000

/** @throws ChainonError dependency-unavailable when the registry is unreachable, ConfigurationError when a contract does not fit it */
export async function buildGateway(dependencies: GatewayDependencies): Promise<FastifyInstance> {
  const { limits, logger } = dependencies
  const app = Fastify({
    ...dependencies.http.server,
    logger: false,
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A request that comes while the server closes is still answered, on a connection that then ends.
    return503OnClosing: false,
    bodyLimit: limits.maxBodyBytes,
    frameworkErrors: frameworkError,
    clientErrorHandler: clientError,
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
  const { log, idempotency, retention, stamp } = dependencies
  const envelope = await dependencies.registry.encoder(sealedSubject(dependencies.namespace), SEALED_SCHEMA)
  const sealer = createSealer(dependencies.dayKeys, envelope, Date.now)
  const events = ingestEvents(dependencies.metrics)
  const unmapped = countUnmapped(dependencies.metrics)
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
      retention,
      events,
      logger,
    }),
    inFlight: createInFlight(limits.maxInFlightBytes, inFlightGauge(dependencies.metrics)),
    // A body that can never be in flight can never be accepted: it is too large (413), and not one too many (429).
    maxBodyBytes: Math.min(limits.maxBodyBytes, limits.maxInFlightBytes),
    maxRecordBytes: limits.maxRecordBytes,
    hl7: dependencies.hl7,
    onUnmapped: unmapped('hl7'),
  }
  recordsRoutes(app, routes)
  fhirRoute(app, { ...routes, onUnmapped: unmapped('fhir') })
  hl7Route(app, routes)
  keyRoute(app, routes.logins)
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
