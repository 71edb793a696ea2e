/** Environment variables that several services read, of `provision`, and of who calls the services. `keys.ts` puts all tables into one. */
import type { KeyTable } from './key-spec.ts'

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
