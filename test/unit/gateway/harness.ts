/** The gateway's server without servers: the real routes, formats and intake; Kafka, registry and Redis are recorders. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import type { AvroRecordSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { createKey } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildGateway, type Limits } from '../../../services/gateway/app.ts'
import type { IdentifiedMessage } from '../../../services/gateway/encode/encode-identified.ts'

export const contracts = loadContracts(fileURLToPath(new URL('../../../schemas/feeds', import.meta.url)))

export function contractOf(feed: string) {
  const contract = contracts.find((one) => one.feed === feed)
  if (!contract) throw new Error(`no contract ${feed}`)
  return contract
}

const LIMITS: Limits = {
  maxBodyBytes: 1_000_000,
  maxRecordBytes: 100_000,
  maxRecords: 2000,
  maxInFlightBytes: 4_000_000,
}

export async function harness(limits: Partial<Limits> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  const { key } = createKey(folder, 'chu-test', '')
  const state = { down: false, hold: undefined as Promise<void> | undefined }
  const written: { topic: string; message: IdentifiedMessage }[] = []
  const types = new Map<string, avsc.Type>()
  const metrics = createMetrics('gateway')
  const app = await buildGateway({
    contracts,
    namespace: 'u.',
    registry: {
      async encoder(subject, schema: AvroRecordSchema) {
        const type = avsc.Type.forSchema(schema as unknown as avsc.Schema, { registry: {}, logicalTypes: {} })
        types.set(subject, type)
        return {
          schemaId: 1,
          encode(record) {
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
    log: {
      async append(batches) {
        await state.hold
        if (state.down) throw new ChainonError('dependency-unavailable', 'Kafka is away')
        for (const { topic, messages } of batches)
          for (const { body: message } of messages) written.push({ topic, message })
      },
      stop: async () => undefined,
    },
    idempotency: { begin: async () => ({ kind: 'in-flight' }) },
    routing: hmacSha256(Buffer.alloc(32, 7)),
    metrics,
    alarms: createAlarms(),
    logger: createLogger('test', 'fatal'),
    limits: { ...LIMITS, ...limits },
  })
  return {
    app,
    key,
    state,
    written,
    metrics,
    /** Records as they would be read from Kafka. */
    decoded: () =>
      written.map(({ topic, message }) => ({
        topic,
        key: message.key,
        record: types.get(`${topic}-value`)?.fromBuffer(message.value) as Record<string, unknown>,
      })),
    post: (feed: string, type: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url: feed === 'fhir' ? '/fhir/R4' : `/v1/feeds/${feed}/records`,
        headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
        payload,
      }),
    async close() {
      await app.close()
      rmSync(folder, { recursive: true, force: true })
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
