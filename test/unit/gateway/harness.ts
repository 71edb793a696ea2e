/** The gateway without other servers: the real routes, decoders and pipelines; Kafka, registry and Redis are in memory. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { AvroRecordSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { httpSettings } from '#core/http/settings.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import { createKey } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { recordKeyUse } from '#core/keys/use.ts'
import { type SealedRecord, sealedSubject } from '#core/sealing/envelope.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildGateway, type Limits } from '../../../services/gateway/app.ts'
import { gatewayConfig, hl7Settings } from '../../../services/gateway/config.ts'
import type { SealedMessage } from '../../../services/gateway/encode/seal-record.ts'
import { gatewayHealth } from '../../../services/gateway/health.ts'
import type { IdempotencyStore } from '../../../services/gateway/ingest/idempotency.ts'
import type { QuotaStore, Used } from '../../../services/gateway/ingest/quotas.ts'
import { stampClock } from '../../../services/gateway/ingest/stamp.ts'
import type { ListenerHealth } from '../../../services/gateway/mllp/listen.ts'
import type { ListenerSettings } from '../../../services/gateway/mllp/listeners-file.ts'
import { openTestSeal, testDayKey } from '../../helpers/sealed.ts'

export const contracts = loadContracts(fileURLToPath(new URL('../../../schemas/feeds', import.meta.url)))

export function contractOf(feed: string) {
  const contract = contracts.find((one) => one.feed === feed)
  if (!contract) throw new Error(`no contract ${feed}`)
  return contract
}

/** Addresses for several feeds. */
const PATHS: ReadonlyMap<string, string> = new Map([
  ['fhir', '/fhir/R4'],
  ['hl7', '/v1/hl7'],
])

const LIMITS: Limits = {
  maxBodyBytes: 1_000_000,
  maxRecordBytes: 100_000,
  maxRecords: 2000,
  maxInFlightBytes: 4_000_000,
  producerInFlightBytes: 4_000_000,
  producerConnections: 1_000,
  headerMs: 10_000,
  quotas: { windowSeconds: 60, requests: 100_000, records: 1_000_000, bytes: 1_000_000_000 },
  pace: { totalMs: 120_000, windowMs: 10_000, minBytesPerSecond: 1024 },
  redisPauseMs: 50,
  maxSlowedLogins: 100,
}

/** @param mllp the listeners, made with the key */
export async function harness(
  limits: Partial<Limits> = {},
  mllp: (key: string) => readonly ListenerSettings[] = () => [],
) {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  const { key } = createKey(folder, 'chu-test', '')
  const state = {
    /** Kafka is unreachable. */
    down: false,
    /** The partitions of these patients are known to take no records of the feed. */
    away: [] as readonly { readonly feed: string; readonly patient: string }[],
    /** The leader of these records refuses them, which is known only when they are sent. */
    refused: (_record: Record<string, unknown>): boolean => false,
    /** Kafka acknowledges when this resolves. */
    acknowledgement: undefined as Promise<void> | undefined,
    /** Requests that wait for it. */
    waiting: 0,
    /** The answers to failed logins wait for this. */
    pause: undefined as Promise<void> | undefined,
    /** Failed logins that wait for it. */
    pausing: 0,
    /** Records of these feeds would expire unread. */
    near: (_feed: string): boolean => false,
    /** Redis does not answer. */
    redisDown: false,
    /** Every producer has used its quotas. */
    quotaUsed: false,
    /** The MLLP listeners, when they listen. */
    listeners: (): readonly ListenerHealth[] => [],
    /** The encoder fails as it would with an error in the code. */
    broken: false,
  }
  /** What the access journal was told. */
  const entries: JournalEvent[] = []
  const journal = { note: (event: JournalEvent) => void entries.push(event) }
  const uses = hourlyCounts(journal)
  const keyUse = recordKeyUse(folder, () => undefined)
  const written: { topic: string; message: SealedMessage }[] = []
  const types = new Map<string, avsc.Type>()
  const read = async (topic: string, { key: messageKey, value }: SealedMessage) => {
    const sealed = types.get(sealedSubject('u.'))?.fromBuffer(value) as SealedRecord
    const opened = await openTestSeal(sealed, { topic, key: messageKey })
    return types.get(`${topic}-value`)?.fromBuffer(opened) as Record<string, unknown>
  }
  const routing = hmacSha256(Buffer.alloc(32, 7))
  const metrics = createMetrics('gateway')
  const health = () => gatewayHealth({ list: () => state.away.map(({ feed }) => ({ feed, partition: 0 })) })
  const { app, routes } = await withRoutes({
    contracts,
    namespace: 'u.',
    registry: {
      async encoder(subject, schema: AvroRecordSchema) {
        const type = avsc.Type.forSchema(schema as unknown as avsc.Schema, { registry: {}, logicalTypes: {} })
        types.set(subject, type)
        return {
          schemaId: 1,
          encode(record) {
            if (state.broken) throw new TypeError('encoder')
            try {
              return type.toBuffer(record)
            } catch {
              return undefined
            }
          },
        }
      },
      decoder: () => {
        throw new Error('the gateway decodes nothing')
      },
    },
    keys: openKeyStore(folder, () => undefined),
    keyUse,
    journal,
    uses,
    async pause() {
      state.pausing++
      await state.pause
      state.pausing--
    },
    log: {
      async append(batches) {
        state.waiting++
        await state.acknowledgement
        state.waiting--
        const missing: number[][] = []
        for (const { topic, messages } of batches) {
          const positions: number[] = []
          for (const [position, { body: message }] of messages.entries())
            if (state.down || state.refused(await read(topic, message))) positions.push(position)
            else written.push({ topic, message })
          missing.push(positions)
        }
        return { missing, doubtful: state.down, partition: !state.down && missing.flat().length > 0 }
      },
      taking() {
        if (state.away.length === 0) return undefined
        const away = new Set(
          state.away.map(({ feed, patient }) => `u.identified.${feed} ${routing.digest(`chu-test\u0000${patient}`)}`),
        )
        return (topic, key) => !away.has(`${topic} ${key}`)
      },
      stop: async () => undefined,
    },
    dayKeys: { keyOf: async (day) => testDayKey(day) },
    idempotency: whileUp(state, memoryIdempotency()),
    quotas: whileUp(state, memoryQuotas(state)),
    retention: { isNearRetention: (feed) => state.near(feed) },
    routing,
    stamp: stampClock(Date.now),
    metrics,
    http: httpSettings(gatewayConfig({})).http,
    hl7: hl7Settings(gatewayConfig({})),
    mllp: mllp(key),
    onMllp: ({ health: ofListeners }) => {
      state.listeners = ofListeners
    },
    health,
    logger: createLogger('test', 'fatal'),
    limits: { ...LIMITS, ...limits },
  })
  return {
    app,
    /** Every route that was added, with its schema. */
    routes,
    key,
    /** The data folder: its file of keys. */
    folder,
    /** What the admin port answers. */
    health,
    state,
    written,
    entries,
    metrics,
    /** Records as they would be read from Kafka. */
    decoded: () =>
      Promise.all(
        written.map(async ({ topic, message }) => ({
          topic,
          key: message.key,
          record: await read(topic, message),
        })),
      ),
    post: (feed: string, type: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url: PATHS.get(feed) ?? `/v1/feeds/${feed}/records`,
        headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
        payload,
      }),
    async close() {
      await app.close()
      await Promise.all([uses.stop(), keyUse.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Builds the gateway and copies every route that is added, by Fastify's own channel: Fastify changes a route later. */
async function withRoutes(dependencies: Parameters<typeof buildGateway>[0]) {
  const routes: RouteOptions[] = []
  const watch = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance }
    fastify.addHook('onRoute', (route) => void routes.push({ ...route }))
  }
  subscribe('fastify.initialization', watch)
  try {
    return { app: await buildGateway(dependencies), routes: routes as readonly RouteOptions[] }
  } finally {
    unsubscribe('fastify.initialization', watch)
  }
}

/** The same store, which fails while Redis is down. */
function whileUp<T extends object>(state: { readonly redisDown: boolean }, store: T): T {
  const get = (of: T, name: string) => {
    if (state.redisDown) return () => Promise.reject(new Error('Redis is down'))
    return Reflect.get(of, name) as unknown
  }
  return new Proxy(store, { get: (of, name) => get(of, String(name)) })
}

/** What the gateway's counts do in Redis, in one window that never ends. */
function memoryQuotas(state: { readonly quotaUsed: boolean }): QuotaStore {
  const known = new Map<string, Used>()
  return {
    async add(producer, { requests, records, bytes }) {
      const before = known.get(producer) ?? { requests: 0, records: 0, bytes: 0 }
      const used = {
        requests: before.requests + requests,
        records: before.records + records,
        bytes: before.bytes + bytes,
      }
      known.set(producer, used)
      return { ...used, ...(state.quotaUsed ? { requests: Number.MAX_SAFE_INTEGER } : {}), secondsLeft: 30 }
    },
  }
}

/** What the gateway's store does in Redis, without its expiry. */
function memoryIdempotency(): IdempotencyStore {
  interface Known {
    readonly fingerprint: string
    readonly held: boolean
    readonly progress: string
    readonly answer?: { readonly status: number; readonly body: string }
  }
  const known = new Map<string, Known>()
  return {
    async begin(producer, key, fingerprint) {
      const name = `${producer} ${key}`
      const first = known.get(name)
      if (first && first.fingerprint !== fingerprint) return { kind: 'mismatch' }
      if (first?.answer) return { kind: 'replay', ...first.answer }
      if (first?.held) return { kind: 'in-flight' }
      const before = first?.progress ?? ''
      known.set(name, { fingerprint, held: true, progress: before })
      return {
        kind: 'started',
        progress: before,
        lease: {
          finish: async (status, body) =>
            void known.set(name, { fingerprint, held: false, progress: '', answer: { status, body } }),
          release: async (progress) => {
            if (progress || before) known.set(name, { fingerprint, held: false, progress: progress || before })
            else known.delete(name)
          },
        },
      }
    },
  }
}

export function observation(id: string | number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    record_id: `o-${id}`,
    patient_ipp: '8000123',
    code_system: 'loinc',
    code: '718-7',
    effective_at: '2024-05-06T07:08:09Z',
    value_number: 13.5,
    ...more,
  }
}
