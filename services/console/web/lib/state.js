/** Words, icons and colours of states: one table, so that a state looks the same wherever it stands. */
export const KINDS = {
  flowing: { tone: 'ok', icon: 'flow', word: 'flowing' },
  idle: { tone: 'info', icon: 'idle', word: 'idle' },
  waiting: { tone: 'info', icon: 'wait', word: 'ready' },
  starting: { tone: 'info', icon: 'wait', word: 'starting' },
  behind: { tone: 'warn', icon: 'warn', word: 'behind' },
  unknown: { tone: 'warn', icon: 'unknown', word: 'not known' },
  down: { tone: 'bad', icon: 'bad', word: 'a part is down' },
  alarm: { tone: 'bad', icon: 'bad', word: 'ALARM' },
  lost: { tone: 'warn', icon: 'unknown', word: 'connection lost' },
}

export const PART_STATES = {
  running: { tone: 'ok', icon: 'ok', word: 'running' },
  external: { tone: 'ok', icon: 'ok', word: 'answers' },
  starting: { tone: 'info', icon: 'wait', word: 'starting' },
  restarting: { tone: 'bad', icon: 'restart', word: 'restarting' },
  'not-answering': { tone: 'bad', icon: 'bad', word: 'no answer' },
  failed: { tone: 'bad', icon: 'bad', word: 'failed' },
  stopped: { tone: 'bad', icon: 'bad', word: 'stopped' },
  unknown: { tone: 'warn', icon: 'unknown', word: 'not known' },
}

export const PART_TITLES = {
  kafka: 'Kafka',
  registry: 'Registry',
  redis: 'Redis',
  clickhouse: 'ClickHouse',
  gateway: 'Gateway',
  deidentify: 'De-identify',
  curate: 'Curate',
  console: 'Console',
}

export const OUTCOMES = {
  'rejected-at-gateway': { word: 'rejected by the gateway', tone: 'dim' },
  quarantined: { word: 'quarantined', tone: 'warn' },
  'rejected-by-rule': { word: 'rejected by rule', tone: 'warn' },
  flagged: { word: 'flagged, loaded', tone: 'info' },
}
