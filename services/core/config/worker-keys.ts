/** Environment variables of `deidentify`, `linker` and `curate`. */
import type { KeyTable } from './key-spec.ts'

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
