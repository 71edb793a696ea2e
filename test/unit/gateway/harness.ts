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
import { ChainonError } from '#core/faults/errors.ts'
import { httpSettings } from '#core/http/settings.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import { createKey } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { recordKeyUse } from '#core/keys/use.ts'
import type { ObjectStore } from '#core/objects/store.ts'
import { type SealedRecord, sealedSubject } from '#core/sealing/envelope.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildGateway, type Limits } from '../../../services/gateway/app.ts'
import { gatewayConfig, hl7Settings } from '../../../services/gateway/config.ts'
import type { SealedMessage } from '../../../services/gateway/encode/seal-record.ts'
import { isBefore } from '../../../services/gateway/failures/position.ts'
import type { Failure } from '../../../services/gateway/failures/store.ts'
import { gatewayHealth } from '../../../services/gateway/health.ts'
import { withClientCertificates } from '../../../services/gateway/http/client-certificates.ts'
import type { IdempotencyStore } from '../../../services/gateway/ingest/idempotency.ts'
import type { QuotaStore, Used } from '../../../services/gateway/ingest/quotas.ts'
import { stampClock } from '../../../services/gateway/ingest/stamp.ts'
import type { PlacedRun } from '../../../services/gateway/log/record-log.ts'
import type { ListenerHealth } from '../../../services/gateway/mllp/listen.ts'
import type { ListenerSettings } from '../../../services/gateway/mllp/listeners-file.ts'
import type { ReceiptStore } from '../../../services/gateway/receipts/lookup.ts'
import type { StoredRow } from '../../../services/gateway/receipts/page.ts'
import { RECEIPT_COLUMNS } from '../../../services/gateway/receipts/rows.ts'
import type { Known } from '../../../services/gateway/receipts/states.ts'
import { createTokens } from '../../../services/gateway/tokens/tokens.ts'
import { openTestSeal, testDayKey } from '../../helpers/sealed.ts'
import { TOKEN_RULES, testIssuer } from '../../helpers/token-issuer.ts'

export const contracts = loadContracts(fileURLToPath(new URL('../../../schemas/feeds', import.meta.url)))

export function contractOf(feed: string) {
  const contract = contracts.find((one) => one.feed === feed)
  if (!contract) throw new Error(`no contract ${feed}`)
  return contract
}

/** Of every topic. */
const TOPIC_ID = 'topic-id-of-22-letters'
/** How long a receipt is kept. */
export const RECEIPT_MS = 3_600_000

/** Addresses for several feeds. */
const PATHS: ReadonlyMap<string, string> = new Map([
  ['fhir', '/fhir/R4'],
  ['hl7', '/v1/hl7'],
  ['dicom', '/v1/dicom'],
  ['stow', '/dicomweb/studies'],
  ['pmsi', '/v1/pmsi'],
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

/** @param mllp the listeners, made with the key @param env settings of how it listens @param objects where files are kept */
export async function harness(
  limits: Partial<Limits> = {},
  mllp: (key: string) => readonly ListenerSettings[] = () => [],
  env: NodeJS.ProcessEnv = {},
  objects?: ObjectStore,
) {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  const { key } = createKey(folder, 'chu-test', '')
  const config = gatewayConfig(env)
  const keys = openKeyStore(folder, () => undefined)
  const issuer = await testIssuer()
  const state = {
    /** The keys of the token issuer cannot be read. */
    issuerDown: false,
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
    /** ClickHouse does not answer. */
    warehouseDown: false,
    /** A question about a receipt is answered when this resolves. */
    question: undefined as Promise<void> | undefined,
    /** Questions that wait for it. */
    asking: 0,
    /** What ClickHouse has at the places of the log: partition 0 of each topic, and offsets from 0. */
    known: {} as Partial<Known>,
    /** What ClickHouse knows of failures. */
    failures: [] as Failure[],
    /** The encoder fails as it would with an error in the code. */
    broken: false,
  }
  /** What the access journal was told. */
  const entries: JournalEvent[] = []
  const journal = { note: (event: JournalEvent) => void entries.push(event) }
  const uses = hourlyCounts(journal)
  const keyUse = recordKeyUse(folder, () => undefined)
  const written: { topic: string; message: SealedMessage }[] = []
  const receiptLines: string[] = []
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
    },
    keys,
    tokens: createTokens(
      TOKEN_RULES,
      {
        find: async (kid) => {
          if (state.issuerDown) throw new ChainonError('dependency-unavailable', 'the issuer')
          return kid === issuer.jwk.kid ? issuer.jwk : undefined
        },
      },
      keys,
      Date.now,
    ),
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
        const placed: PlacedRun[][] = []
        for (const { topic, messages } of batches) {
          const positions: number[] = []
          const runs: PlacedRun[] = []
          for (const [position, { body: message }] of messages.entries())
            if (state.down || state.refused(await read(topic, message))) positions.push(position)
            else {
              const offset = BigInt(written.filter((one) => one.topic === topic).length)
              written.push({ topic, message })
              runs.push({ partition: 0, offset, positions: [position] })
            }
          missing.push(positions)
          placed.push(runs)
        }
        return { missing, placed, doubtful: state.down, partition: !state.down && missing.flat().length > 0 }
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
    receipts: {
      spool: { add: (_id, lines) => void receiptLines.push(...lines), bring: async () => undefined },
      store: memoryReceipts(state, receiptLines),
      topicIds: { of: () => TOPIC_ID },
      keptMs: RECEIPT_MS,
    },
    objects,
    failures: {
      horizon: async () => {
        if (state.warehouseDown) throw new Error('ClickHouse is down')
        return Date.now()
      },
      after: async (producers, position, horizon, limit) =>
        state.failures
          .filter((one) => producers.includes(one.producer) && isBefore(position, one.position))
          .filter(({ position: { at } }) => at <= horizon)
          .slice(0, limit),
    },
    retention: { isNearRetention: (feed) => state.near(feed) },
    routing,
    stamp: stampClock(Date.now),
    metrics,
    http: withClientCertificates(httpSettings(config).http, config),
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
    /** Issues tokens that this gateway accepts. */
    issuer,
    /** The data folder: its file of keys. */
    folder,
    /** What the admin port answers. */
    health,
    state,
    written,
    /** Rows of receipts, as they are inserted. */
    receiptLines,
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

/** What the gateway asks of ClickHouse, on the rows of the receipts. */
function memoryReceipts(
  state: {
    readonly warehouseDown: boolean
    readonly question: Promise<void> | undefined
    asking: number
    readonly known: Partial<Known>
  },
  lines: readonly string[],
): ReceiptStore {
  const whileAnswering = async <T>(answer: () => T): Promise<T> => {
    if (state.warehouseDown) throw new Error('ClickHouse is down')
    state.asking++
    await state.question
    state.asking--
    return answer()
  }
  const stored = () =>
    lines.map(
      (line) =>
        Object.fromEntries(
          (JSON.parse(line) as unknown[]).map((value, i) => [RECEIPT_COLUMNS[i] ?? '', value]),
        ) as unknown as Record<(typeof RECEIPT_COLUMNS)[number], string> & Pick<StoredRow, 'indexes' | 'records'>,
    )
  const none = { loaded: new Map(), quarantined: new Map(), newest: new Map(), tileOf: () => undefined }
  return {
    rows: (number, producer) =>
      whileAnswering(() =>
        stored()
          .filter((row) => row.receipt === number && row.producer === producer)
          .map((row) => ({
            feed: row.feed,
            incarnation: row.incarnation,
            partition: Number(row.partition),
            from: row.from_offset,
            indexes: row.indexes,
            records: row.records,
            first: String(row.first_stamp),
            last: String(row.last_stamp),
            rule: row.rule,
            pointer: row.pointer,
            refused: Number(row.refused),
          })),
      ),
    known: () => whileAnswering(() => ({ ...none, ...state.known })),
    volume: (producer) =>
      whileAnswering(() =>
        stored()
          .filter((row) => row.producer === producer && (row.rule === '' || Number(row.refused) > 0))
          .map((row) => ({
            feed: row.feed,
            rule: row.rule,
            records: row.rule === '' ? row.indexes.length : Number(row.refused),
            lastAt: Number(row.received_at) * 1000,
          })),
      ),
    freshness: (feeds) => whileAnswering(() => new Map(feeds.map((feed) => [feed, Date.now()]))),
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
