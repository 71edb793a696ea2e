/** Environment variables that only the gateway reads: bounds of what it takes, formats, logins of producers. */
import type { KeyTable } from './key-spec.ts'

export const GATEWAY = {
  CHAINON_MAX_BODY_BYTES: {
    type: 'integer',
    default: '33554432',
    min: 1024,
    max: 268435456,
    description: 'Largest request body after decompression, in bytes',
  },
  CHAINON_MAX_RECORD_BYTES: {
    type: 'integer',
    default: '2097152',
    min: 256,
    max: 7340032,
    description: 'Largest record, in bytes',
  },
  CHAINON_MAX_RECORDS_PER_REQUEST: {
    type: 'integer',
    default: '50000',
    min: 1,
    max: 1000000,
    description: 'Largest number of records in one request',
  },
  CHAINON_MAX_INFLIGHT_BYTES: {
    type: 'integer',
    default: '268435456',
    min: 65536,
    max: 8589934592,
    description: 'Bytes in flight in one gateway, bodies and the messages made of them, before it answers 429',
  },
  CHAINON_PRODUCER_INFLIGHT_BYTES: {
    type: 'integer',
    default: '134217728',
    min: 65536,
    max: 8589934592,
    description: 'Bytes in flight of one producer in one gateway before it answers 429',
  },
  CHAINON_PRODUCER_CONNECTIONS: {
    type: 'integer',
    default: '256',
    min: 1,
    max: 65536,
    description:
      'Connections of one producer to one gateway: those with a request under way, and those to its MLLP listeners',
  },
  CHAINON_HEADER_SECONDS: {
    type: 'integer',
    default: '10',
    min: 1,
    max: 600,
    description: 'Seconds within which the headers of a request must come',
  },
  CHAINON_BODY_SECONDS: {
    type: 'integer',
    default: '120',
    min: 1,
    max: 3600,
    description: 'Seconds within which a body, or a message of MLLP, must come',
  },
  CHAINON_UPLOAD_WINDOW_SECONDS: {
    type: 'integer',
    default: '10',
    min: 1,
    max: 600,
    description: 'Seconds over which the rate of a body or a message of MLLP is measured',
  },
  CHAINON_UPLOAD_BYTES_PER_SECOND: {
    type: 'integer',
    default: '1024',
    min: 1,
    max: 1048576,
    description: 'Lowest rate of a body or a message of MLLP that has not come yet, in bytes per second',
  },
  CHAINON_QUOTA_WINDOW_SECONDS: {
    type: 'integer',
    default: '60',
    min: 1,
    max: 86400,
    description: 'Seconds of the window of the quotas',
  },
  CHAINON_QUOTA_REQUESTS: {
    type: 'integer',
    default: '600000',
    min: 1,
    max: 1000000000000,
    description: 'Requests and messages of one producer within the window, over all gateways',
  },
  CHAINON_QUOTA_RECORDS: {
    type: 'integer',
    default: '60000000',
    min: 1,
    max: 1000000000000,
    description: 'Records of one producer within the window, over all gateways',
  },
  CHAINON_QUOTA_BYTES: {
    type: 'integer',
    default: '60000000000',
    min: 1024,
    max: 1000000000000000,
    description: 'Bytes of bodies, after decompression, of one producer within the window, over all gateways',
  },
  CHAINON_BACKLOG_LIMIT_PERCENT: {
    type: 'integer',
    default: '90',
    min: 51,
    max: 99,
    description:
      'Percent of the retention: a feed is answered 503 while deidentify has not read records that are older',
  },
  CHAINON_DEFAULT_CHARSET: {
    type: 'string',
    default: 'ASCII',
    oneOf: ['ASCII', '8859/1', '8859/15', 'UNICODE UTF-8'],
    description: 'Character set of HL7 v2 messages whose MSH-18 is empty, and of DICOM files without (0008,0005)',
  },
  CHAINON_DEFAULT_TIME_ZONE: {
    type: 'string',
    default: 'Europe/Paris',
    description: 'Time zone (IANA) of times without an offset in HL7 v2 messages and DICOM files',
  },
  CHAINON_IPP_AUTHORITIES: {
    type: 'list',
    default: '',
    description:
      'Assigning authorities (CX-4, or (0010,0021) of DICOM: name or OID, comma-separated) whose identifiers are the IPP; empty: a patient may have only one',
  },
  CHAINON_MLLP_FILE: {
    type: 'string',
    default: '',
    description:
      'JSON file of the MLLP listeners: name, port (2575), key, senders, TLS (services/gateway/README.md); empty: none',
  },
  CHAINON_TLS_CLIENT_CA_FILE: {
    type: 'string',
    default: '',
    description:
      'PEM file of the authority of client certificates; with it a producer may log in with a certificate that `chainon keys create --certificate` has registered',
  },
  CHAINON_JWT_ISSUER: {
    type: 'string',
    default: '',
    description: 'Issuer (`iss`) of the tokens that are accepted in place of an API key; empty: none',
  },
  CHAINON_JWT_AUDIENCE: { type: 'string', default: '', description: 'Audience (`aud`) that a token must have' },
  CHAINON_JWT_JWKS: {
    type: 'string',
    default: '',
    description: 'Keys of the issuer, a JWK set: a file, or an https URL (http on this machine)',
  },
  CHAINON_JWT_JWKS_CA_FILE: {
    type: 'string',
    default: '',
    description: "PEM file of the authority of that URL's certificate; empty: those that Node trusts",
  },
  CHAINON_JWT_PRODUCER_CLAIM: {
    type: 'string',
    default: 'client_id',
    description: "Claim of a token with the producer's name; its scopes are in `scope`",
  },
  CHAINON_JWT_MAX_SECONDS: {
    type: 'integer',
    default: '3600',
    min: 60,
    max: 86400,
    description: 'Longest time from `iat` to `exp` of a token, in seconds',
  },
  CHAINON_JWT_CLOCK_SECONDS: {
    type: 'integer',
    default: '30',
    min: 0,
    max: 300,
    description: 'Seconds by which the clocks of issuer and gateway may differ',
  },
  CHAINON_JWT_STALE_SECONDS: {
    type: 'integer',
    default: '86400',
    min: 60,
    max: 604800,
    description: "Seconds for which the issuer's keys are used while they cannot be read again",
  },
  CHAINON_IDEMPOTENCY_HOURS: {
    type: 'integer',
    default: '24',
    min: 1,
    max: 720,
    description: 'Hours that an Idempotency-Key is stored',
  },
  CHAINON_RECEIPT_DAYS: {
    type: 'integer',
    default: '7',
    min: 1,
    max: 7,
    description: 'Days that a receipt is kept, with what became of its records',
  },
} as const satisfies KeyTable
