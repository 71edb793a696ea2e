/** The state of the whole system in one sentence, the most serious problem first. Pure. */
import type { AlarmView, ComponentView, LedgerView, Overall, Snapshot } from '../snapshot.ts'
import { COMPONENT_TITLES, downSentence, isDown, missingOrDouble, NOT_BALANCED, recordsText } from './alarms.ts'

/** A service that is further behind than this is reported. */
const BEHIND_SECONDS = 30
/** The first reading of the ledger may take this long before it counts as a problem. */
const FIRST_READING_MS = 10_000

export type Facts = Pick<
  Snapshot,
  'sources' | 'rates' | 'lag' | 'ledger' | 'components' | 'alarms' | 'empty' | 'started_at' | 'now' | 'stalled_since'
>

export function overallState(facts: Facts): Overall {
  return problemOf(facts) ?? progressOf(facts)
}

function problemOf({ ledger, components, alarms }: Facts): Overall | undefined {
  if (ledger && !ledger.balanced) {
    return { kind: 'alarm', sentence: notBalanced(ledger), since: sinceOf(alarms, NOT_BALANCED) }
  }
  const down = components.filter(isDown)
  const first = down[0]
  if (first) return { kind: 'down', sentence: `${downSentence(first)}${otherComponents(down)}`, since: first.since }
  const alarm = alarms[0]
  if (!alarm) return undefined
  const others = alarms.length > 1 ? ` (and ${alarms.length - 1} more)` : ''
  return { kind: 'alarm', sentence: `${alarm.message}${others}`, since: alarm.since }
}

function progressOf(facts: Facts): Overall {
  const { ledger, sources, rates, lag } = facts
  const starting = facts.components.find(({ state }) => state === 'starting')
  if (starting) {
    return { kind: 'starting', sentence: `${COMPONENT_TITLES[starting.name]} is starting`, since: starting.since }
  }
  if (sources.ledger.status !== 'live') {
    return Date.parse(facts.now) - Date.parse(facts.started_at) < FIRST_READING_MS
      ? { kind: 'starting', sentence: 'Reading the ledger for the first time', since: null }
      : { kind: 'unknown', sentence: 'The ledger cannot be read', since: sources.ledger.failing_since }
  }
  if (facts.empty) return { kind: 'waiting', sentence: 'Ready: no record was received yet', since: null }
  const inFlight = ledger?.total.in_flight ?? 0
  if (facts.stalled_since !== null) {
    return {
      kind: 'behind',
      sentence: `${recordsText(inFlight)} in flight, without progress`,
      since: facts.stalled_since,
    }
  }
  const seconds = Math.max(lag.deidentify.seconds ?? 0, lag.curate.seconds ?? 0)
  if (seconds > BEHIND_SECONDS) {
    const who = (lag.curate.seconds ?? 0) >= (lag.deidentify.seconds ?? 0) ? 'curate' : 'deidentify'
    return { kind: 'behind', sentence: `${COMPONENT_TITLES[who]} is ${Math.round(seconds)} s behind`, since: null }
  }
  if ((rates.received ?? 0) > 0 || (rates.curated ?? 0) > 0 || inFlight > 0) {
    return { kind: 'flowing', sentence: 'Records are flowing, every component is up', since: null }
  }
  return { kind: 'idle', sentence: 'No records are arriving, every component is up', since: null }
}

function otherComponents(down: readonly ComponentView[]): string {
  if (down.length < 2) return ''
  return `, and ${down.length - 1} more ${down.length === 2 ? 'component' : 'components'}`
}

function notBalanced({ total, unexplained }: LedgerView): string {
  if (total.gaps + total.overlaps > 0) return `Not balanced: ${missingOrDouble(total)}`
  return `Not balanced: ${recordsText(unexplained)} unaccounted for`
}

function sinceOf(alarms: readonly AlarmView[], code: string): string | null {
  return alarms.find((alarm) => alarm.code === code)?.since ?? null
}
