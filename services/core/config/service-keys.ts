/**
 * Every environment variable that a service reads: description, default and type. `keys.ts` puts them into one table with those
 * of the local stack.
 */
import type { KeyTable } from './key-spec.ts'

export const DEPENDENCIES = {
  KAFKA_BROKERS: { type: 'list', default: '127.0.0.1:9092', description: 'Kafka brokers, comma-separated host:port' },
  KAFKA_TLS: { type: 'boolean', default: 'false', description: 'Use TLS for the connections to Kafka' },
  KAFKA_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description: 'PEM file of the certificate authority of the brokers; default those of Node.js',
  },
  KAFKA_SASL_MECHANISM: {
    type: 'string',
    default: '',
    oneOf: ['', 'plain', 'scram-sha-256', 'scram-sha-512'],
    description: 'SASL mechanism',
  },
  KAFKA_SASL_USERNAME: { type: 'string', default: '', description: 'SASL user' },
  KAFKA_SASL_PASSWORD: { type: 'string', default: '', secret: true, description: 'SASL password' },
  SCHEMA_REGISTRY_URL: {
    type: 'url',
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
    description: 'Confluent-compatible schema registry',
  },
  SCHEMA_REGISTRY_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description:
      'PEM file of the certificate authority of the registry, whose address is https://; default those of Node.js',
  },
  SCHEMA_REGISTRY_USERNAME: { type: 'string', default: '', description: 'Registry user' },
  SCHEMA_REGISTRY_PASSWORD: { type: 'string', default: '', secret: true, description: 'Registry password' },
  REDIS_URL: {
    type: 'url',
    default: 'redis://127.0.0.1:6379',
    secret: true,
    description: 'Redis; rediss:// for TLS. A login in it goes before the next two',
  },
  REDIS_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description: 'PEM file of the certificate authority of Redis, whose address is rediss://; default those of Node.js',
  },
  REDIS_USERNAME: { type: 'string', default: '', description: 'Redis user' },
  REDIS_PASSWORD: { type: 'string', default: '', secret: true, description: 'Redis password' },
  CLICKHOUSE_URL: { type: 'url', default: 'http://127.0.0.1:8123', description: 'ClickHouse HTTP interface' },
  CLICKHOUSE_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description:
      'PEM file of the certificate authority of ClickHouse, whose address is https://; default those of Node.js',
  },
  CLICKHOUSE_USER: { type: 'string', default: 'default', description: 'ClickHouse user' },
  CLICKHOUSE_PASSWORD: { type: 'string', default: '', secret: true, description: 'ClickHouse password' },
  CLICKHOUSE_DATABASE: { type: 'string', default: 'chainon', description: 'ClickHouse database of the warehouse' },
} as const satisfies KeyTable

export const SERVICES = {
  CHAINON_HTTP_HOST: { type: 'string', default: '127.0.0.1', description: 'Address the service listens on' },
  CHAINON_HTTP_PORT: { type: 'port', default: '0', description: 'Port the service listens on, 0 for a free one' },
  CHAINON_DATA_DIR: { type: 'string', default: '.chainon', description: 'Data folder' },
  CHAINON_SECRETS_DIR: {
    type: 'string',
    default: '',
    description: "Folder of the service's own secrets; default <data>/secrets/<service>",
  },
  CHAINON_FEEDS_DIR: { type: 'string', default: 'schemas/feeds', description: 'Folder of the feed contracts' },
  CHAINON_NAMESPACE: { type: 'string', default: '', description: 'Prefix of topics, groups and Redis keys' },
  CHAINON_ALLOWED_HOSTS: {
    type: 'list',
    default: '',
    description: 'Names that the service is reached by, comma-separated, besides localhost and IP addresses',
  },
  CHAINON_LOG_LEVEL: {
    type: 'string',
    default: 'info',
    oneOf: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    description: 'Log level',
  },
} as const satisfies KeyTable

export const PUBLIC_HTTP = {
  CHAINON_ADMIN_HOST: {
    type: 'string',
    default: '127.0.0.1',
    description: 'Address for `/metrics`, `/alarms` and the complete `/health`',
  },
  CHAINON_ADMIN_PORT: {
    type: 'port',
    default: '0',
    description: 'Port for `/metrics`, `/alarms` and the complete `/health`; 0 for a free one, which the log names',
  },
  CHAINON_TLS_CERT_FILE: { type: 'string', default: '', description: 'PEM file of the certificate and its chain' },
  CHAINON_TLS_KEY_FILE: { type: 'string', default: '', description: "PEM file of the certificate's key" },
  CHAINON_TRUSTED_PROXY: {
    type: 'list',
    default: '',
    description:
      'Addresses or networks of the proxy that has TLS, comma-separated; its X-Forwarded-For is believed, and others may not connect',
  },
} as const satisfies KeyTable

export const PROVISION = {
  CLICKHOUSE_CLUSTER: {
    type: 'string',
    default: '',
    description:
      'Cluster of a replicated ClickHouse, as in its `remote_servers`: tables are Replicated; empty for one server',
  },
  CHAINON_PARTITIONS: { type: 'integer', default: '2', min: 1, max: 1000, description: 'Partitions of a new topic' },
  CHAINON_REPLICATION: {
    type: 'integer',
    default: '1',
    min: 1,
    max: 9,
    description: 'Replication factor of a new topic',
  },
  CHAINON_IDENTIFIED_RETENTION_HOURS: {
    type: 'integer',
    default: '72',
    min: 1,
    max: 8760,
    description: 'Hours that identified records stay in Kafka',
  },
} as const satisfies KeyTable

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

export const WORKERS = {
  CHAINON_GROUP_SESSION_SECONDS: {
    type: 'integer',
    default: '10',
    min: 6,
    max: 300,
    description: 'Seconds without a heartbeat after which a worker loses its partitions',
  },
  CHAINON_SLOW_BATCH_SECONDS: {
    type: 'integer',
    default: '60',
    min: 1,
    max: 3600,
    description: 'Seconds after which a batch that still runs raises an alarm',
  },
  CHAINON_STALL_SECONDS: {
    type: 'integer',
    default: '60',
    min: 2,
    max: 3600,
    description: 'Seconds without a turn of its event loop after which a worker ends itself',
  },
  CHAINON_RECORD_ATTEMPTS: {
    type: 'integer',
    default: '3',
    min: 1,
    max: 100,
    description: 'How many times a record may end its worker before it is quarantined',
  },
} as const satisfies KeyTable

export const CURATE = {
  CHAINON_INTENT_DEADLINE_SECONDS: {
    type: 'integer',
    default: '120',
    min: 10,
    max: 86400,
    description: 'Seconds after its intent from which an insert is abandoned',
  },
  CHAINON_LINK_REBUILD: {
    type: 'string',
    default: 'automatic',
    oneOf: ['automatic', 'manual'],
    description:
      'What curate does when the linkage index is lost or too old: `automatic` rebuilds it from the log; `manual` waits for `chainon link rebuild`',
  },
  CHAINON_BATCH_MAX_RECORDS: {
    type: 'integer',
    default: '20000',
    min: 1,
    max: 1000000,
    description: 'Largest number of records in one ClickHouse block',
  },
  CHAINON_LOAD_WAIT_MS: {
    type: 'integer',
    default: '500',
    min: 1,
    max: 5000,
    description:
      'Milliseconds that a fetch of curate waits for more records: longer with many partitions, for fewer blocks (loadtest/MODEL.md)',
  },
} as const satisfies KeyTable

export const LINKAGE = {
  CHAINON_LINKAGE_SECRETS_DIR: {
    type: 'string',
    default: '',
    description:
      'Folder of the secrets that deidentify and linker share, of which each host has a copy; default <data>/secrets/linkage',
  },
  CHAINON_TOKEN_SECRETS_DIR: {
    type: 'string',
    default: '',
    description:
      'Folder where `chainon keys rotate-first-level` finds the keys of curate that open linkage tokens; default <data>/secrets/curate',
  },
  CHAINON_LINKAGE_INDEX: {
    type: 'string',
    default: 'main',
    description:
      'Name of the linkage index in Redis, after the namespace; another model or other traits need another one',
  },
  CHAINON_LINKAGE_MODEL: {
    type: 'string',
    default: '',
    description: 'Model that `chainon link train` wrote; empty for the one that is shipped',
  },
  CHAINON_CONSOLE_REVIEWERS: {
    type: 'list',
    default: 'operator',
    description:
      'Accounts of the console that may review links, comma-separated; of each other name than operator the console makes an account, with its password in <data>/secrets/console/<name>.password',
  },
  CHAINON_REVIEW_SECRETS_DIR: {
    type: 'string',
    default: '',
    description:
      'Folder of the secret by which linker and curate know the console that asks for explanations and sends verdicts, of which each host has a copy; default <data>/secrets/review',
  },
  CHAINON_LINKAGE_REVIEWERS: {
    type: 'integer',
    default: '1',
    min: 1,
    max: 2,
    description:
      'Reviewers who must say the same of a pair before it is decided, in `chainon link review` and on the console; 2 cannot be lowered by an option',
  },
  CHAINON_LINKAGE_SNAPSHOT_DIR: {
    type: 'string',
    default: '',
    description: 'Folder of the sealed snapshots of the linkage index; default <data>/linkage-snapshots',
  },
  CHAINON_LINKAGE_SNAPSHOT_HOURS: {
    type: 'integer',
    default: '24',
    min: 0,
    max: 8760,
    description:
      'Hours from one snapshot of the linkage index to the next, once `chainon link snapshot-key` has made a key; 0: only when `chainon link snapshot` asks',
  },
  CHAINON_LINKAGE_SNAPSHOTS_KEPT: {
    type: 'integer',
    default: '3',
    min: 1,
    max: 1000,
    description: 'Snapshots of the linkage index that stay; older ones are removed',
  },
} as const satisfies KeyTable

export const OBJECTS = {
  CHAINON_OBJECT_DIR: {
    type: 'string',
    default: '',
    description:
      'Folder of the object store, the same for gateway and deidentify: DICOM files with their pixels, sealed until they are de-identified; empty: only what files say of themselves is kept',
  },
  CHAINON_OBJECT_BURNED_IN: {
    type: 'list',
    default: '',
    description:
      'Modalities whose DICOM files are kept although their pixels usually, or as the file says, show text, comma-separated (US,XA); read by deidentify',
  },
} as const satisfies KeyTable

export const CALLERS = {
  CHAINON_GATEWAY_URL: { type: 'url', default: 'http://127.0.0.1:8080', description: 'URL of the gateway' },
  CHAINON_GATEWAY_ADMIN_URL: {
    type: 'url',
    default: 'http://127.0.0.1:8094',
    description: 'URL of the metrics of the gateway',
  },
  CHAINON_CONSOLE_ADMIN_URL: {
    type: 'url',
    default: 'http://127.0.0.1:8095',
    description: 'URL of the metrics of the console',
  },
  CHAINON_DEIDENTIFY_URL: {
    type: 'url',
    default: 'http://127.0.0.1:8091',
    description: 'URL of the metrics of deidentify',
  },
  CHAINON_LINKER_URL: { type: 'url', default: 'http://127.0.0.1:8093', description: 'URL of the metrics of linker' },
  CHAINON_CURATE_URL: { type: 'url', default: 'http://127.0.0.1:8092', description: 'URL of the metrics of curate' },
  CHAINON_CONSOLE_URL: { type: 'url', default: 'http://127.0.0.1:8090', description: 'URL of the console' },
  CHAINON_SUPERVISOR_STATE_FILE: {
    type: 'string',
    default: '',
    description: "The local supervisor's state file; empty without a supervisor",
  },
  CHAINON_API_KEY: { type: 'string', default: '', secret: true, description: 'API key that `chainon push` sends with' },
} as const satisfies KeyTable
