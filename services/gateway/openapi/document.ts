/** The gateway's OpenAPI 3.1 document, made from the contracts: one path per feed, so that each shows its own record. */
import { recordJsonSchema } from '#core/contract/json-schema.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { MAPPED_RESOURCES } from '../decode/fhir/map.ts'
import { FHIR_TYPES, RECORD_TYPES } from '../http/media-types.ts'
import { PARAMETERS, RESPONSES, SCHEMAS } from './parts.ts'

type Document = Record<string, unknown>

const DESCRIPTION = `Takes health records of producers, validates each against its feed's contract and writes the good ones to Kafka.

**A 202 means stored**: every in-sync replica has the accepted records. The receipt counts accepted and rejected records and lists the rejected
ones by index, with field (JSON pointer) and rule, never with a value. Good records of a request are taken although others are bad.

**Sending again is safe.** With an \`Idempotency-Key\` the first answer is given again (kept for CHAINON_IDEMPOTENCY_HOURS, 24 by default). Without
one, a record with the same \`record_id\` is a version of itself: the highest \`record_version\` counts.

**JSON, defined.** UTF-8 only, a byte order mark is skipped. Of a repeated member the last one counts. Numbers that a field cannot
hold exactly are rejected. In NDJSON blank lines are skipped and not counted; CRLF is taken.

**Errors** are problems (RFC 9457, \`application/problem+json\`). On \`/fhir/R4\` a client whose \`Accept\` has \`application/fhir+json\` gets the same
as an OperationOutcome. 429 and 503 carry \`Retry-After\`.`

export function openapiDocument(contracts: readonly FeedContract[], version: string): Document {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chainon gateway',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { header: [] }],
    tags: [
      { name: 'Feeds', description: 'Records of one feed' },
      { name: 'FHIR', description: 'HL7 FHIR R4' },
      { name: 'About', description: 'What there is' },
    ],
    paths: {
      ...Object.fromEntries(
        contracts.map((contract) => [`/v1/feeds/${contract.feed}/records`, { post: recordsOperation(contract) }]),
      ),
      '/fhir/R4': { post: fhirOperation() },
      '/v1/feeds': {
        get: {
          tags: ['About'],
          operationId: 'listFeeds',
          summary: 'The feeds and the JSON Schema of their records',
          security: [],
          responses: {
            200: { description: 'The feeds', content: { 'application/json': { schema: { type: 'object' } } } },
          },
        },
      },
    },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key made by `chainon key create PRODUCER`' },
        header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
      parameters: PARAMETERS,
      schemas: {
        ...Object.fromEntries(contracts.map((contract) => [contract.name, recordJsonSchema(contract)])),
        ...SCHEMAS,
      },
      responses: RESPONSES,
    },
  }
}

function recordsOperation(contract: FeedContract): Document {
  const record = { $ref: `#/components/schemas/${contract.name}` }
  const content = Object.fromEntries(
    Object.entries(RECORD_TYPES).map(([type, format]) => {
      switch (format) {
        case 'json':
          return [type, { schema: { oneOf: [record, { type: 'array', items: record }] } }]
        case 'ndjson':
          return [type, { schema: { ...record, description: 'One record per line' } }]
        case 'avro':
          return [
            type,
            {
              schema: { type: 'string', format: 'binary', description: 'Object container file, codec null or deflate' },
            },
          ]
      }
    }),
  )
  return {
    tags: ['Feeds'],
    operationId: `send_${contract.feed}`,
    summary: `Send ${contract.feed} records`,
    description: `${contract.doc}. The subject is \`${contract.subject}\`, the time of the event \`${contract.eventTime}\`.`,
    parameters: PARAMETER_REFS,
    requestBody: { required: true, content },
    responses: responses(),
  }
}

function fhirOperation(): Document {
  return {
    tags: ['FHIR'],
    operationId: 'sendBundle',
    summary: 'Send a FHIR R4 Bundle',
    description: `A transaction, batch or collection of ${MAPPED_RESOURCES.join(', ')}. Each resource becomes records of one or several feeds (an
Observation with components one per component; a Patient with a day of death a \`death\` too). Other resources are rejected by the index of their entry with the
rule \`unmapped-resource\`. References are resolved inside the Bundle; a subject outside it must be a logical reference with an identifier.
\`entered-in-error\` cancels. The Bundle is not atomic, whatever its type.`,
    parameters: PARAMETER_REFS,
    requestBody: {
      required: true,
      content: Object.fromEntries(
        FHIR_TYPES.map((type) => [
          type,
          { schema: { type: 'object', description: 'Bundle (hl7.org/fhir/R4/bundle.html)' } },
        ]),
      ),
    },
    responses: responses(),
  }
}

const PARAMETER_REFS = Object.keys(PARAMETERS).map((name) => ({ $ref: `#/components/parameters/${name}` }))

function responses(): Document {
  return Object.fromEntries(
    Object.keys(RESPONSES).map((name) => [name.slice(1), { $ref: `#/components/responses/${name}` }]),
  )
}
