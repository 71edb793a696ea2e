/**
 * One request's way, in the order it happens: have we answered it before? decode and validate each record, send to Kafka,
 * wait for all replicas, answer. The two routes differ only in how a body becomes records.
 */
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { GatewayMetrics } from '../http/observe.ts'
import { wantsOutcome } from '../http/problems.ts'
import type { RecordLog } from '../log/record-log.ts'
import { FHIR_TYPE, operationOutcomeOf, PROBLEM_TYPE, ProblemError } from '../problem.ts'
import { Batch } from './batch.ts'
import { type IdempotencyStore, isIdempotencyKey, type Lease } from './idempotency.ts'
import { type Answer, answerOf } from './receipt.ts'

export interface TakeParts {
  readonly log: RecordLog
  readonly idempotency: IdempotencyStore
  readonly metrics: GatewayMetrics
  readonly logger: Logger
  readonly maxRecords: number
}

export interface Request {
  readonly producer: string
  /** The feed, or `fhir`. */
  readonly feed: string
  readonly manyFeeds: boolean
  readonly body: Buffer
  /** Reads the body's records into the batch. */
  readonly read: (batch: Batch) => Promise<void>
}

export async function take(
  parts: TakeParts,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Request,
): Promise<FastifyReply> {
  const key = request.headers['idempotency-key']
  if (key === undefined) return send(request, reply, await process(parts, asked))
  if (typeof key !== 'string' || !isIdempotencyKey(key))
    throw new ProblemError('bad-idempotency-key', 'An Idempotency-Key has 1 to 255 printable ASCII characters.')
  const begun = await begin(parts, asked, key, `${request.url} ${request.headers['content-type'] ?? ''}`)
  switch (begun.kind) {
    case 'replay':
      reply.header('idempotency-replayed', 'true')
      return send(request, reply, { status: begun.status, body: JSON.parse(begun.body) as Answer['body'] })
    case 'mismatch':
      throw new ProblemError('idempotency-mismatch')
    case 'in-flight':
      throw new ProblemError('idempotency-in-flight')
    case 'begun':
      return send(request, reply, await once(parts, asked, begun.lease))
  }
}

/** Processes under a lease: the answer is kept, and anything that is no answer frees the key. */
async function once(parts: TakeParts, asked: Request, lease: Lease): Promise<Answer> {
  const forgiving = (error: unknown) => parts.logger.warn({ event: 'idempotency-not-kept', err: safeError(error) })
  let answer: Answer
  try {
    answer = await process(parts, asked)
  } catch (error) {
    await lease.release().catch(forgiving)
    throw error
  }
  // The records are in the log: an answer that cannot be kept must not become a failure. Sent again, they are versions of themselves.
  await lease.finish(answer.status, JSON.stringify(answer.body)).catch(forgiving)
  return answer
}

async function process(parts: TakeParts, asked: Request): Promise<Answer> {
  const started = performance.now()
  const batch = new Batch({ producer: asked.producer, receivedAt: Date.now() }, parts.maxRecords, asked.manyFeeds)
  await asked.read(batch)
  if (batch.accepted + batch.rejected === 0) throw new ProblemError('no-records')
  parts.metrics.rejected(batch)
  if (batch.accepted > 0) await append(parts, batch)
  parts.metrics.acknowledged(batch, (performance.now() - started) / 1000)
  return answerOf(batch, asked.feed, asked.manyFeeds)
}

async function append(parts: TakeParts, batch: Batch): Promise<void> {
  try {
    await parts.log.append([...batch.byTopic.values()])
  } catch (error) {
    throw new ProblemError(
      'dependency-unavailable',
      'Kafka did not acknowledge the records: they may be in the log or not. Sending them again with the same record_id is safe.',
      { cause: error },
    )
  }
}

async function begin(parts: TakeParts, asked: Request, key: string, target: string) {
  const fingerprint = hash('sha256', `${target} ${hash('sha256', asked.body, 'hex')}`, 'hex')
  try {
    return await parts.idempotency.begin(asked.producer, key, fingerprint)
  } catch (error) {
    throw new ProblemError(
      'dependency-unavailable',
      'Redis, which remembers idempotency keys, does not answer; nothing was taken.',
      {
        cause: error,
      },
    )
  }
}

function send(request: FastifyRequest, reply: FastifyReply, { status, body }: Answer): FastifyReply {
  reply.code(status)
  if ('receipt_id' in body) return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
  if (wantsOutcome(request)) return reply.type(FHIR_TYPE).send(JSON.stringify(operationOutcomeOf(body)))
  return reply.type(PROBLEM_TYPE).send(JSON.stringify(body))
}
