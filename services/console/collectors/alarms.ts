/** The alarms that the console itself raises, in addition to those of the services. Pure. */
import type { AlarmCode } from '#core/faults/codes.ts'
import { isRowBalanced } from '#core/ledger/row.ts'
import type { Alarm } from '#core/telemetry/alarms.ts'
import type { AlarmView, ComponentView, LedgerView } from '../snapshot.ts'

export const NOT_BALANCED = 'not-balanced' satisfies AlarmCode
const COMPONENT_DOWN = 'component-down' satisfies AlarmCode

export const COMPONENT_TITLES: Readonly<Record<ComponentView['name'], string>> = {
  kafka: 'Kafka',
  registry: 'The schema registry',
  redis: 'Redis',
  clickhouse: 'ClickHouse',
  gateway: 'The gateway',
  deidentify: 'De-identification',
  linker: 'The linker',
  curate: 'Curation',
  console: 'The console',
}

export function isDown({ state }: ComponentView): boolean {
  return state === 'restarting' || state === 'not-answering' || state === 'failed' || state === 'stopped'
}

export function downSentence({ name, state }: ComponentView): string {
  const title = COMPONENT_TITLES[name]
  if (state === 'restarting') return `${title} is down and is being restarted`
  if (state === 'not-answering') return `${title} does not answer`
  if (state === 'failed') return `${title} failed and is no longer restarted`
  return `${title} is stopped`
}

export function recordsText(n: number): string {
  return `${n.toLocaleString('en')} ${n === 1 ? 'record' : 'records'}`
}

/** @returns what is wrong with a row that has a gap or an overlap, or with the sum of several */
export function missingOrDouble({ gaps, overlaps }: { readonly gaps: number; readonly overlaps: number }): string {
  const found = [
    ...(gaps > 0 ? [`${recordsText(gaps)} missing`] : []),
    ...(overlaps > 0 ? [`${recordsText(overlaps)} counted twice`] : []),
  ]
  return found.join(', ') || 'accepted differs from the sum of the outcomes'
}

/** @returns one alarm for each feed and partition that is not balanced */
export function ledgerAlarms(ledger: LedgerView): readonly Omit<Alarm, 'since'>[] {
  return ledger.feeds
    .flatMap(({ partitions }) => partitions)
    .filter((row) => !isRowBalanced(row))
    .map((row) => ({
      id: `${NOT_BALANCED}:${row.feed}:${row.partition}`,
      code: NOT_BALANCED,
      feed: row.feed,
      partition: row.partition,
      message: `${row.feed}, partition ${row.partition}: ${missingOrDouble(row)}`,
    }))
}

/** @returns all raised alarms, those of the services and one for each component that is down; newest first. What two services raise is one. */
export function alarmViews(
  bySource: ReadonlyMap<string, readonly Alarm[]>,
  components: readonly ComponentView[],
  now: string,
): readonly AlarmView[] {
  const down = components.filter(isDown).map(
    (component): Alarm => ({
      id: `${COMPONENT_DOWN}:${component.name}`,
      code: COMPONENT_DOWN,
      message: `${downSentence(component)}${component.message ? `: ${component.message}` : ''}`,
      since: component.since ?? now,
    }),
  )
  const seen = new Set<string>()
  return [...bySource, ['components', down] as const]
    .flatMap(([source, alarms]) =>
      alarms
        .filter(({ id }) => !seen.has(id) && seen.add(id))
        .map(({ id, code, feed, partition, message, since }) => ({
          id: `${source}:${id}`,
          source,
          code,
          feed: feed ?? null,
          partition: partition ?? null,
          message,
          since,
        })),
    )
    .toSorted((a, b) => (a.since < b.since ? 1 : a.since > b.since ? -1 : 0))
}
