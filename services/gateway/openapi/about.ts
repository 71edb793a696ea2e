/** What the OpenAPI document says about the API as a whole. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

const DESCRIPTION = `Receives health records of producers, validates each against its feed's contract and writes the valid ones to Kafka.

**A 202 means stored**: every in-sync replica has the accepted records. The receipt counts accepted and rejected records and lists the rejected
ones by index, with field (JSON pointer) and rule, never with a value. Valid records of a request are accepted although others are rejected.

**Sending again is safe.** With an \`Idempotency-Key\` the first answer is sent again (stored for CHAINON_IDEMPOTENCY_HOURS, 24 by default,
with its counts and its first 20 errors). Without
one, a record with the same \`record_id\` is a version of itself: the highest \`record_version\` is in force, and of equal versions the one that
was received last.

**One unavailable partition fails only its own records.** Then the answer is 503 \`partition-unavailable\`: its counts are those of a receipt, and
\`unavailable_indexes\` names every record that is valid and not stored (for a Bundle: every entry with such a record). Send the same request with the
same \`Idempotency-Key\`: it continues, stores only what is missing, and the answer at the end covers all. Without a key, send only the named ones. Until
then do not send newer records of the same patients, or their \`record_version\` must be higher: of equal versions the one that was received last is in force.

**The rules of the contract hold here.** A record that fails a rule of severity reject is not accepted. The schema of each record has these rules: as keywords
(\`minimum\`, \`maximum\`, \`pattern\`, \`enum\`) where they say the same, else in \`x-chainon-rules\`, which also lists the rules of severity flag: these reject nothing.
**Limits.** A producer has a share of the bytes in flight and of the connections, and quotas: beyond them the answer is 429 (\`producer-share\`, \`quota-exceeded\`).
\`RateLimit\` and \`RateLimit-Policy\` say what is left. A body that does not come is answered 408 (\`upload-too-slow\`). \`detail\` has the limit. While Redis is away records
are taken without quotas and without idempotency, and \`Chainon-Degraded\` says so.

**Each record can be followed.** \`GET /v1/receipts/{id}\` says of each record of a receipt what became of it: loaded, replaced by a later version, quarantined, rejected
and so on. It needs the scope \`read:own\`, and is for the producer of the records alone. A receipt is kept for CHAINON_RECEIPT_DAYS, 7 by default.
While the warehouse does not answer, it is answered 503, and records are taken all the same.

**JSON, defined.** UTF-8 only, a byte order mark is skipped. If a member is repeated, the last one counts. Numbers that a field cannot
represent exactly are rejected. In NDJSON blank lines are skipped and not counted; lines may end with CRLF.

**Errors** are problems (RFC 9457, \`application/problem+json\`). On \`/fhir/R4\` a client whose \`Accept\` has \`application/fhir+json\` gets the same
as an OperationOutcome. 408, 409, 429 and 503 have \`Retry-After\`. An address that does not exist is answered 404 (\`unknown-feed\` or \`not-found\`), another
method 405 (\`method-not-allowed\`). A request for another host is answered 421 (\`unknown-host\`), one of a page of another site or past the declared proxy
403 (\`foreign-origin\`, \`not-through-proxy\`). A request that is not readable HTTP is answered 400, 408 or 431, and its connection is closed.`

/** OpenAPI 3.1, 4.8.27: the types that Fastify uses have the schemes of 3.0 only. */
const MUTUAL_TLS = {
  type: 'mutualTLS',
  description: 'In place of a key, where the operator accepts them: a client certificate that was registered',
} as unknown as { readonly type: 'http'; readonly scheme: string }

/** @returns the document without what comes from the routes: paths and components of schemas */
export function about(version: string): NonNullable<FastifyDynamicSwaggerOptions['openapi']> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chainon gateway',
      description: DESCRIPTION,
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { header: [] }, { token: [] }, { certificate: [] }],
    tags: [
      { name: 'Feeds', description: 'Records of one feed' },
      { name: 'FHIR', description: 'HL7 FHIR R4' },
      { name: 'HL7 v2', description: 'HL7 v2.3 to v2.8' },
      { name: 'DICOM', description: 'Files of DICOM and STOW-RS, without pixels' },
      { name: 'Receipts', description: 'What became of the records, for their sender' },
      { name: 'About', description: 'Addresses, feeds and their schemas' },
    ],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key made by `chainon keys create PRODUCER`' },
        header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'In place of a key, where the operator accepts them: an access token of the issuer, with the scopes of a key in `scope`',
        },
        certificate: MUTUAL_TLS,
      },
    },
  }
}
