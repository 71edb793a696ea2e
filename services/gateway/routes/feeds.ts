/** `GET /v1/feeds` and `GET /`: the addresses and the feeds, for people and programs that start here. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { recordJsonSchema } from '#core/contract/json-schema.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { RECORD_TYPES } from '../http/media-types.ts'

const Feed = Type.Object({
  feed: Type.String(),
  doc: Type.String(),
  records: Type.String({ description: 'Address that records are sent to' }),
  key: Type.Immutable(Type.Array(Type.String(), { description: 'Fields that identify a record of a producer' })),
  subject: Type.String({ description: 'Field of the patient' }),
  event_time: Type.String({ description: 'Field of the time of the event' }),
  media_types: Type.Array(Type.String()),
  schema: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of a record' }),
})
const FeedList = Type.Object({ feeds: Type.Array(Feed) }, { description: 'The feeds' })
const Addresses = Type.Object(
  {
    name: Type.String(),
    docs: Type.String(),
    openapi: Type.String(),
    feeds: Type.String(),
    fhir: Type.String(),
    hl7: Type.String(),
  },
  { description: 'The addresses' },
)

export function feedsRoutes(app: FastifyInstance, contracts: readonly FeedContract[]): void {
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
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
  const listFeeds = {
    tags: ['About'],
    operationId: 'listFeeds',
    summary: 'The feeds and the JSON Schema of their records',
    security: [],
    response: { 200: FeedList },
  }
  typed.get('/v1/feeds', { schema: listFeeds }, async () => ({ feeds }))
  const listAddresses = {
    tags: ['About'],
    operationId: 'listAddresses',
    summary: 'The addresses of this API',
    security: [],
    response: { 200: Addresses },
  }
  typed.get('/', { schema: listAddresses }, async () => ({
    name: 'Chainon gateway',
    docs: '/docs',
    openapi: '/openapi.json',
    feeds: '/v1/feeds',
    fhir: '/fhir/R4',
    hl7: '/v1/hl7',
  }))
}
