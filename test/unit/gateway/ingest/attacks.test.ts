/** Identities by the side door: what a producer sends by mistake as a name, and what a reader of Redis can guess. */
import { hash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { idempotencyStore } from '../../../../services/gateway/ingest/idempotency.ts'
import { avroFile } from '../avro-file.ts'
import { harness, observation } from '../harness.ts'

test.each(['DUPONT', 'jean_dupont', 'x1850375123456', 'NIR_1850375123456', 'DUPONT Jean 1980'])(
  'the name of an unknown field, here %s, is in no answer: a map keyed by patient has values as names',
  async (name) => {
    const gateway = await harness()
    try {
      const json = await gateway.post(
        'observation',
        'application/json',
        JSON.stringify([observation(1), { ...observation(2), [name]: 1 }]),
      )
      expect(json.json()).toMatchObject({ accepted: 1, errors: [{ index: 1, pointer: '', rule: 'unknown-field' }] })
      expect(json.body).not.toContain(name)
      const avroName = name.replaceAll(/[^A-Za-z0-9_]/g, '_')
      const schema = { type: 'record', name: 'O', fields: [{ name: avroName, type: 'string' }] }
      const avro = await gateway.post('observation', 'application/avro', avroFile([{ [avroName]: 'a' }], schema))
      expect(avro.statusCode).toBe(422)
      expect(avro.body).not.toContain(avroName)
    } finally {
      await gateway.close()
    }
  },
)

test('who reads Redis finds neither the idempotency key, nor the producer, nor the body by guessing them', async () => {
  const stored: string[] = []
  const redis = {
    async eval(...args: readonly unknown[]) {
      stored.push(...args.map(String))
      return ['started']
    },
  } as unknown as Redis
  const fingerprint = hash('sha256', '{"patient_ipp":"8000123"}', 'hex')
  const begun = await idempotencyStore(redis, 'n.', 1, hmacSha256(Buffer.alloc(32, 7))).begin(
    'chu-nord',
    'patient-8000123',
    fingerprint,
  )
  expect(begun.kind).toBe('started')
  const all = stored.join('\n')
  expect(all).toContain('n.idem:')
  for (const guess of ['chu-nord', 'patient-8000123', hash('sha256', 'patient-8000123', 'hex'), fingerprint])
    expect(all).not.toContain(guess)
})

test('a log line has no name of a producer and no id of a record, even where code logs one', () => {
  const written: string[] = []
  const logger = createLogger('test', 'info', { write: (line) => void written.push(line) })
  logger.info({ event: 'x', producer: 'dr-dupont', at: { record_id: 'DUPONT-1980', feed: 'death' } })
  expect(written.join('')).toContain('"feed":"death"')
  expect(written.join('')).not.toMatch(/dupont/i)
})
