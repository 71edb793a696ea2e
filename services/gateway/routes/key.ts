/** `GET /v1/key`: what the gateway knows of the key that the request has, so that a producer sees in time that it expires. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { READ_OWN } from '#core/keys/scopes.ts'
import type { Logins } from '../http/logins.ts'
import { LOGIN_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses } from '../openapi/responses.ts'

const Key = Type.Object(
  {
    producer: Type.String(),
    id: Type.String({ description: 'The part of the key that is not secret' }),
    name: Type.String({ description: 'What the key is for' }),
    scopes: Type.Immutable(
      Type.Array(Type.String(), { description: '`write:<feed>`, `write:*` for every feed, `read:own`' }),
    ),
    created_at: Type.String({ format: 'date-time' }),
    expires_at: Type.Optional(Type.String({ format: 'date-time', description: 'Absent for a key without an end' })),
  },
  { description: 'The key of this request' },
)

export function keyRoute(app: FastifyInstance, logins: Logins): void {
  const schema = {
    tags: ['About'],
    operationId: 'getKey',
    summary: 'The API key of this request: its producer, scopes and expiry',
    response: { 200: Key, ...problemResponses([...LOGIN_PROBLEMS, 'key-scope'], false) },
  }
  app.withTypeProvider<TypeBoxTypeProvider>().get('/v1/key', { schema }, async (request) => {
    const { producer, keyId: id, name, scopes, createdAt, expiresAt } = await logins.login(request, READ_OWN)
    return { producer, id, name, scopes, created_at: createdAt, ...(expiresAt ? { expires_at: expiresAt } : {}) }
  })
}
