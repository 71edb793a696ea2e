/** Every environment variable that the local stack (`deploy/local`), its launchers and the tests read. */
import type { KeyTable } from './key-spec.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

export const LOCAL_STACK = {
  CHAINON_COMPONENTS_DIR: {
    type: 'string',
    default: '',
    description: 'Cache of the components that Maven fetches; default <project>/.chainon/components',
  },
  JAVA_HOME: {
    type: 'string',
    default: '',
    description: 'Java for Kafka, the registry and Synthea; default: the `java` on the PATH',
  },
} as const satisfies KeyTable

/** No default here: without a value a process has the port of `deploy/local/ports.ts`, or a free one with `--ports auto`. */
export const LOCAL_PORTS = {
  CHAINON_PORT_KAFKA: port('Port of Kafka; default 9092'),
  CHAINON_PORT_KAFKA_CONTROLLER: port("Port of Kafka's controller; default 9093"),
  CHAINON_PORT_REGISTRY: port('Port of the schema registry; default 8081'),
  CHAINON_PORT_REDIS: port('Port of Redis; default 6379'),
  CHAINON_PORT_CLICKHOUSE: port('Port of ClickHouse; default 8123'),
  CHAINON_PORT_GATEWAY: port('Port of the gateway; default 8080'),
  CHAINON_PORT_CONSOLE: port('Port of the console; default 8090'),
  CHAINON_PORT_GATEWAY_ADMIN: port('Port of the metrics of the gateway; default 8094'),
  CHAINON_PORT_CONSOLE_ADMIN: port('Port of the metrics of the console; default 8095'),
  CHAINON_PORT_DEIDENTIFY: port('Port of deidentify; default 8091'),
  CHAINON_PORT_LINKER: port('Port of linker; default 8093'),
  CHAINON_PORT_CURATE: port('Port of curate; default 8092'),
} as const satisfies KeyTable

export const LOCAL_CLICKHOUSE = {
  CHAINON_CLICKHOUSE_HOST: {
    type: 'string',
    default: '127.0.0.1',
    description: 'Address it listens on, of this machine alone',
  },
  CHAINON_CLICKHOUSE_PORT: {
    type: 'port',
    default: '8123',
    description: 'Port it listens on; 0 for a free one, named in the first line of stdout',
  },
  CHAINON_CLICKHOUSE_DATA_DIR: {
    type: 'string',
    default: '.chainon/clickhouse',
    description: 'Data folder; one process at a time may use it',
  },
  CHAINON_CLICKHOUSE_USERS_FILE: {
    type: 'string',
    default: '',
    description:
      'JSON object of users and the SHA-256 of their passwords; empty: it makes the passwords in the folder `logins` of its data folder',
  },
  CHAINON_CLICKHOUSE_DATABASES: {
    type: 'list',
    default: 'chainon',
    description: 'Databases of warehouses, comma-separated: users get their rights on these',
  },
  CHAINON_CLICKHOUSE_MEMORY_LIMIT_BYTES: {
    type: 'integer',
    default: String(4 * GIB),
    min: 256 * MIB,
    max: 1024 * GIB,
    description: 'Most memory of the engine, in bytes; one statement may use three quarters of it',
  },
  CHAINON_CLICKHOUSE_SESSIONS: {
    type: 'integer',
    default: '6',
    min: 1,
    max: 64,
    description: 'Statements that run at the same time',
  },
  CHAINON_CLICKHOUSE_QUEUE: {
    type: 'integer',
    default: '200',
    min: 0,
    max: 100_000,
    description: 'Statements that wait, in their order; one more is answered 503',
  },
  CHAINON_CLICKHOUSE_MAX_BODY_BYTES: {
    type: 'integer',
    default: String(GIB / 2),
    min: 1024,
    max: 64 * GIB,
    description: 'Largest request body after decompression, in bytes; a larger one is answered 413',
  },
  CHAINON_CLICKHOUSE_STOP_MS: {
    type: 'integer',
    default: '15000',
    min: 0,
    max: 600_000,
    description: 'Milliseconds that a stop waits for running statements',
  },
} as const satisfies KeyTable

export const INTERNAL = {
  _CHAINON_LAUNCHER_PID: {
    type: 'integer',
    default: '0',
    description: 'Process of the launcher; `chainon up` stops when it ends (under a Node older than 24)',
  },
  _CHAINON_SUPERVISED: {
    type: 'boolean',
    default: 'false',
    description: 'The process stops when its supervisor ends (`deploy/local/stop-with-parent.mjs`)',
  },
  _CHAINON_JOURNAL_FD: {
    type: 'integer',
    default: '0',
    min: 0,
    max: 255,
    description: 'Descriptor of a pipe on which the local ClickHouse tells its supervisor events of the access journal',
  },
} as const satisfies KeyTable

export const TESTS = {
  CHAINON_TEST_KEEP: {
    type: 'string',
    default: '',
    description: 'Any text: the test of `kill -9` keeps its data folder',
  },
} as const satisfies KeyTable

function port<const Description extends string>(description: Description) {
  return { type: 'port', default: '', min: 1, description } as const
}
