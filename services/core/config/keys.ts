/**
 * Every environment variable that Chainon reads, in one table. A program picks those it needs (`readConfig`), a name that is not
 * here is rejected, and the documentation is made from this table (`chainon config`), so that they cannot differ.
 */
import { DEPENDENCIES } from './dependency-keys.ts'
import { GATEWAY } from './gateway-keys.ts'
import type { KeyTable } from './key-spec.ts'
import { INTERNAL, LOCAL_CLICKHOUSE, LOCAL_PORTS, LOCAL_STACK, TESTS } from './local-keys.ts'
import { KEY_PROVIDER } from './provider-keys.ts'
import { CALLERS, OBJECTS, PROVISION, PUBLIC_HTTP, SERVICES } from './service-keys.ts'
import { CURATE, LINKAGE, WORKERS } from './worker-keys.ts'

export const KEYS = {
  ...DEPENDENCIES,
  ...SERVICES,
  ...KEY_PROVIDER,
  ...PUBLIC_HTTP,
  ...PROVISION,
  ...GATEWAY,
  ...WORKERS,
  ...CURATE,
  ...LINKAGE,
  ...OBJECTS,
  ...CALLERS,
  ...LOCAL_STACK,
  ...LOCAL_PORTS,
  ...LOCAL_CLICKHOUSE,
  ...INTERNAL,
  ...TESTS,
} as const satisfies KeyTable

export type Key = keyof typeof KEYS

export interface KeyGroup {
  readonly title: string
  /** Who reads these variables. */
  readonly readers: string
  readonly keys: KeyTable
}

/** The table by reader, in the order of the page. */
export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: 'Kafka, the schema registry, Redis and ClickHouse',
    readers:
      'Read by every program that uses one of them. `chainon up` does not start a component whose variable is set.',
    keys: DEPENDENCIES,
  },
  { title: 'Every service', readers: 'Read by the services and by `chainon`.', keys: SERVICES },
  {
    title: 'Key of the secrets',
    readers:
      'Read by `gateway`, `deidentify`, `curate`, `extract`, and `chainon keys` and `link` for their secrets; set for each service.',
    keys: KEY_PROVIDER,
  },
  {
    title: 'gateway and console',
    readers:
      'Read by `gateway` and `console`. On an address that is not loopback they need TLS files or a trusted proxy; without either they end with 78.',
    keys: PUBLIC_HTTP,
  },
  { title: 'provision', readers: 'Read by `provision`; the first one by the local Kafka, too.', keys: PROVISION },
  { title: 'gateway', readers: 'Read by `gateway`.', keys: GATEWAY },
  { title: 'Workers', readers: 'Read by `deidentify`, `linker` and `curate`.', keys: WORKERS },
  { title: 'curate', readers: 'Read by `curate`.', keys: CURATE },
  {
    title: 'linker',
    readers:
      'Read by `linker`; the first one by `deidentify`, too, and the first two by `chainon keys rotate-first-level`.',
    keys: LINKAGE,
  },
  { title: 'Object store', readers: 'Read by `gateway` and `deidentify`.', keys: OBJECTS },
  {
    title: 'Addresses of the services',
    readers: 'Read by `console`, `chainon`, `simulate` and `sample`; `chainon up` sets them for its processes.',
    keys: CALLERS,
  },
  {
    title: 'Local stack',
    readers: 'Read by `chainon up`, the load test, the tests and `sample`.',
    keys: LOCAL_STACK,
  },
  {
    title: 'Ports of the local stack',
    readers: 'Read by `chainon up`, the load test and the tests.',
    keys: LOCAL_PORTS,
  },
  {
    title: 'Local ClickHouse',
    readers: 'Read by `deploy/local/clickhouse`; `chainon up` sets its address, port and folder.',
    keys: LOCAL_CLICKHOUSE,
  },
  { title: 'Set by Chainon itself', readers: 'Do not set them yourself.', keys: INTERNAL },
  { title: 'Tests', readers: 'Read by the tests.', keys: TESTS },
]
