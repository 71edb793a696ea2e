/** `GET /v1/feeds` and `GET /`: what there is, for people and tools that begin here. */
import type { FastifyInstance } from 'fastify'
import { recordJsonSchema } from '#core/contract/json-schema.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { RECORD_TYPES } from '../http/media-types.ts'

export function feedsRoute(app: FastifyInstance, contracts: readonly FeedContract[]): void {
  const feeds = contracts.map((contract) => ({
    feed: contract.feed,
    doc: contract.doc,
    records: `/v1/feeds/${contract.feed}/records`,
    key: contract.key,
    subject: contract.subject,
    event_time: contract.eventTime,
    media_types: Object.keys(RECORD_TYPES),
    schema: recordJsonSchema(contract),
  }))
  app.get('/v1/feeds', async () => ({ feeds }))
  app.get('/', async () => ({
    name: 'Chainon gateway',
    docs: '/docs',
    openapi: '/openapi.json',
    feeds: '/v1/feeds',
    fhir: '/fhir/R4',
  }))
}
