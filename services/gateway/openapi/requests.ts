/** What the routes that store records have in common: headers, and the problems that they can answer. */
import { Type } from 'typebox'
import type { ProblemCode } from '#core/gateway-api/problem.ts'
import { IdempotencyKey } from '../ingest/idempotency.ts'

export const STORE_HEADERS = Type.Object({
  'Idempotency-Key': Type.Optional(IdempotencyKey),
  'Content-Encoding': Type.Optional(Type.Enum(['gzip', 'zstd', 'identity'], { description: 'Encoding of the body' })),
})

/** What a request with a missing or wrong key is answered. */
export const LOGIN_PROBLEMS: readonly ProblemCode[] = [
  'missing-key',
  'wrong-key',
  'wrong-token',
  'expired-key',
  'revoked-key',
  'too-many-failed-logins',
  'dependency-unavailable',
]

export const STORE_PROBLEMS: readonly ProblemCode[] = [
  'malformed-body',
  'truncated-gzip',
  'truncated-zstd',
  'no-records',
  'bad-idempotency-key',
  ...LOGIN_PROBLEMS,
  'key-scope',
  'idempotency-in-flight',
  'body-too-large',
  'too-many-records',
  'unsupported-media-type',
  'unsupported-encoding',
  'all-rejected',
  'idempotency-mismatch',
  'too-many-in-flight',
  'producer-share',
  'quota-exceeded',
  'upload-too-slow',
  'bug',
  'partition-unavailable',
  'backlog-near-retention',
]

/** @returns a request's body in OpenAPI's form: the schema of each media type */
export function requestBody(schemas: Readonly<Record<string, object>>): object {
  return { content: Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }])) }
}
