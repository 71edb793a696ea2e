/** Generates the OpenAPI 3.1 document from the routes' schemas: `/openapi.json`, and a page to read and try it at `/docs`. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { recordJsonSchema } from '#core/contract/json-schema.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { FailureEvent } from '#core/gateway-api/failure-event.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { Problem } from '#core/gateway-api/problem.ts'
import { ProducerSummary } from '#core/gateway-api/producer-summary.ts'
import { Receipt } from '#core/gateway-api/receipt.ts'
import { ReceiptStates, RecordState } from '#core/gateway-api/receipt-states.ts'
import { FeedCount, RecordError } from '#core/gateway-api/record-counts.ts'
import { CapabilityStatement } from '../decode/fhir/capabilities.ts'
import { OperationOutcome } from '../outcome.ts'
import { about } from './about.ts'

/** The links of the console's page, on the dark bar. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="150" height="40" viewBox="0 0 150 40">
<g fill="none" stroke="#8fc1ff" stroke-width="3"><rect x="2" y="13" width="19" height="14" rx="7"/>
<rect x="14" y="13" width="19" height="14" rx="7"/><rect x="26" y="13" width="19" height="14" rx="7"/></g>
<text x="54" y="27" font-family="sans-serif" font-size="19" font-weight="700" fill="#fff">Chainon</text></svg>`

/** Call it before any route is added: the document has the routes that are added later. */
export async function installOpenapi(
  app: FastifyInstance,
  contracts: readonly FeedContract[],
  version: string,
): Promise<void> {
  // The schemas of routes only describe: Fastify does not validate or serialise by them. Requests are read by the routes, after the
  // key and the free bytes are checked, and records by the record reader. Answers are written as they are: a serialiser made of a
  // schema would remove a field that the schema lacks, without an error. test/unit/gateway/openapi checks each answer instead.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  const components = [
    Receipt,
    ReceiptStates,
    RecordState,
    FailureEvent,
    ProducerSummary,
    Problem,
    RecordError,
    FeedCount,
    OperationOutcome,
    CapabilityStatement,
  ]
  for (const schema of components) app.addSchema(referencing(schema))
  for (const contract of contracts) app.addSchema({ $id: recordComponent(contract), ...recordJsonSchema(contract) })
  await app.register(swagger, {
    openapi: about(version),
    convertConstToEnum: false,
    refResolver: {
      buildLocalReference: (schema, _baseUri, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `schema-${index}`,
    },
    transform: ({ schema, url }) => ({ schema: referencing(schema ?? {}) as FastifySchema, url }),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
    theme: { title: 'Chainon gateway' },
    uiConfig: { docExpansion: 'list', defaultModelsExpandDepth: 0 },
  })
  let text = ''
  // At the start, so that a document that cannot be generated stops the gateway, and not a request.
  app.addHook('onReady', async () => {
    text = JSON.stringify(app.swagger())
  })
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(`${MEDIA.json}; charset=utf-8`).send(text),
  )
}

/** @returns the name of the component that describes a feed's records; never that of an answer */
export function recordComponent(contract: FeedContract): string {
  return `${contract.name}Record`
}

/** @returns a copy in which each schema inside that has an `$id` is a reference to the component of that name */
function referencing(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key !== '' && typeof value === 'object' && value !== null && '$id' in value ? { $ref: value.$id } : value,
    ),
  ) as object
}
