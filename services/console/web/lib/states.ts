/** Words, icons and colours of states: one table, so that all panels show a state in the same way. Colour is never the only sign. */
import type { ComponentState, ComponentView, FailureView, Overall } from '../../snapshot.ts'

export type Tone = 'ok' | 'info' | 'warn' | 'bad'

export interface Appearance {
  readonly tone: Tone
  readonly icon: string
  readonly word: string
}

/** `lost`: the page has no connection to the console. */
export const KINDS: Readonly<Record<Overall['kind'] | 'lost', Appearance>> = {
  flowing: { tone: 'ok', icon: 'flow', word: 'flowing' },
  idle: { tone: 'info', icon: 'idle', word: 'idle' },
  waiting: { tone: 'info', icon: 'wait', word: 'ready' },
  starting: { tone: 'info', icon: 'wait', word: 'starting' },
  behind: { tone: 'warn', icon: 'warn', word: 'behind' },
  unknown: { tone: 'warn', icon: 'unknown', word: 'unknown' },
  down: { tone: 'bad', icon: 'bad', word: 'a component is down' },
  alarm: { tone: 'bad', icon: 'bad', word: 'ALARM' },
  lost: { tone: 'warn', icon: 'unknown', word: 'connection lost' },
}

export const COMPONENT_STATES: Readonly<Record<ComponentState, Appearance>> = {
  running: { tone: 'ok', icon: 'ok', word: 'running' },
  external: { tone: 'ok', icon: 'ok', word: 'answers' },
  starting: { tone: 'info', icon: 'wait', word: 'starting' },
  restarting: { tone: 'bad', icon: 'restart', word: 'restarting' },
  'not-answering': { tone: 'bad', icon: 'bad', word: 'no answer' },
  failed: { tone: 'bad', icon: 'bad', word: 'failed' },
  stopped: { tone: 'bad', icon: 'bad', word: 'stopped' },
  unknown: { tone: 'warn', icon: 'unknown', word: 'unknown' },
}

export const COMPONENT_TITLES: Readonly<Record<ComponentView['name'], string>> = {
  kafka: 'Kafka',
  registry: 'Registry',
  redis: 'Redis',
  clickhouse: 'ClickHouse',
  gateway: 'Gateway',
  deidentify: 'De-identify',
  linker: 'Linker',
  curate: 'Curate',
  console: 'Console',
}

export const OUTCOMES: Readonly<
  Record<FailureView['outcome'], { readonly word: string; readonly tone: Tone | 'dim' }>
> = {
  'rejected-at-gateway': { word: 'rejected by the gateway', tone: 'dim' },
  quarantined: { word: 'quarantined', tone: 'warn' },
  'rejected-by-rule': { word: 'rejected by a rule', tone: 'warn' },
  flagged: { word: 'flagged, loaded', tone: 'info' },
}
