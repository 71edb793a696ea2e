/** The state of the whole in one sentence, worst news first, and the alarms that the console itself sees. */
import type { Alarm } from '#core/telemetry/alarms.ts'
import type { AlarmView, LedgerView, Overall, PartView, Snapshot } from '../snapshot.ts'

export const PART_TITLES: Readonly<Record<PartView['name'], string>> = {
  kafka: 'Kafka',
  registry: 'The schema registry',
  redis: 'Redis',
  clickhouse: 'ClickHouse',
  gateway: 'The gateway',
  deidentify: 'De-identification',
  curate: 'Curation',
  console: 'The console',
}

/** Further behind than this is worth a sentence on a wall. */
const BEHIND_SECONDS = 30

export type Known = Pick<
  Snapshot,
  'sources' | 'rates' | 'lag' | 'ledger' | 'parts' | 'alarms' | 'empty' | 'started_at' | 'now' | 'stalled_since'
>

export function overallState(known: Known): Overall {
  const { ledger, sources, parts, alarms, rates, lag } = known
  if (ledger && !ledger.conserved && sources.ledger.status !== 'never') {
    return { kind: 'alarm', sentence: notConserved(ledger), since: sinceOf(alarms, 'not-balanced') }
  }
  const down = parts.filter(isDown)
  const first = down[0]
  if (first) {
    const others = down.length > 1 ? `, and ${down.length - 1} more ${down.length === 2 ? 'part' : 'parts'}` : ''
    return { kind: 'down', sentence: `${downSentence(first)}${others}`, since: first.since }
  }
  const standing = alarms[0]
  if (standing) {
    const others = alarms.length > 1 ? ` (and ${alarms.length - 1} more)` : ''
    return { kind: 'alarm', sentence: `${standing.message}${others}`, since: standing.since }
  }
  const starting = parts.find(({ state }) => state === 'starting')
  if (starting) {
    return { kind: 'starting', sentence: `${PART_TITLES[starting.name]} is starting`, since: starting.since }
  }
  if (sources.ledger.status !== 'live') {
    const young = Date.parse(known.now) - Date.parse(known.started_at) < 10_000
    return young
      ? { kind: 'starting', sentence: 'Reading the ledger for the first time', since: null }
      : { kind: 'unknown', sentence: 'The ledger cannot be read', since: sources.ledger.failing_since }
  }
  if (known.empty) {
    return { kind: 'waiting', sentence: 'Ready: nothing has been streamed yet', since: null }
  }
  if (known.stalled_since !== null && ledger) {
    const waiting = `${ledger.total.in_flight.toLocaleString('en')} accepted records wait and none was settled`
    return { kind: 'behind', sentence: waiting, since: known.stalled_since }
  }
  const seconds = Math.max(lag.deidentify.seconds ?? 0, lag.curate.seconds ?? 0)
  if (seconds > BEHIND_SECONDS) {
    const who = (lag.curate.seconds ?? 0) >= (lag.deidentify.seconds ?? 0) ? 'curate' : 'deidentify'
    return { kind: 'behind', sentence: `${PART_TITLES[who]} is ${Math.round(seconds)} s behind`, since: null }
  }
  if ((rates.received ?? 0) > 0 || (rates.curated ?? 0) > 0 || (ledger?.total.in_flight ?? 0) > 0) {
    return { kind: 'flowing', sentence: 'Records are flowing, every part is up', since: null }
  }
  return { kind: 'idle', sentence: 'Nothing is coming in, every part is up', since: null }
}

function isDown({ state }: PartView): boolean {
  return state === 'restarting' || state === 'not-answering' || state === 'failed' || state === 'stopped'
}

function downSentence({ name, state }: PartView): string {
  const title = PART_TITLES[name]
  if (state === 'restarting') return `${title} is down and being restarted`
  if (state === 'not-answering') return `${title} does not answer`
  if (state === 'failed') return `${title} failed and is not restarted any more`
  return `${title} is stopped`
}

function notConserved({ total, difference }: LedgerView): string {
  if (total.gaps + total.overlaps > 0) return `Not conserved: ${missingOrDouble(total.gaps, total.overlaps)}`
  return `Not conserved: ${recordsText(difference)} unaccounted for`
}

function missingOrDouble(gaps: number, overlaps: number): string {
  const said = [
    ...(gaps > 0 ? [`${recordsText(gaps)} missing`] : []),
    ...(overlaps > 0 ? [`${recordsText(overlaps)} counted twice`] : []),
  ]
  return said.join(', ')
}

function recordsText(n: number): string {
  return `${n.toLocaleString('en')} ${n === 1 ? 'record' : 'records'}`
}

function sinceOf(alarms: readonly AlarmView[], code: string): string | null {
  return alarms.find((alarm) => alarm.code === code)?.since ?? null
}

/** @returns one alarm for each feed and partition whose records are not all accounted for exactly once */
export function ledgerAlarms(ledger: LedgerView): readonly Omit<Alarm, 'since'>[] {
  return ledger.feeds
    .flatMap(({ partitions }) => partitions)
    .filter(({ gaps, overlaps }) => gaps > 0 || overlaps > 0)
    .map(({ feed, partition, gaps, overlaps }) => ({
      id: `not-conserved:${feed}:${partition}`,
      code: 'not-balanced',
      feed,
      partition,
      message: `${feed}, partition ${partition}: ${missingOrDouble(gaps, overlaps)}`,
    }))
}

/** @returns all standing alarms, those of the services and one for each part that is down; newest first */
export function alarmViews(
  bySource: ReadonlyMap<string, readonly Alarm[]>,
  parts: readonly PartView[],
  now: string,
): readonly AlarmView[] {
  const down = parts.filter(isDown).map(
    (part): Alarm => ({
      id: `part-down:${part.name}`,
      code: 'component-down',
      message: `${downSentence(part)}${part.message ? `: ${part.message}` : ''}`,
      since: part.since ?? now,
    }),
  )
  return [...bySource, ['parts', down] as const]
    .flatMap(([source, alarms]) =>
      alarms.map(({ id, code, feed, partition, message, since }) => ({
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
