/** What is told of the circuits of a host while they are open. Never how many subjects were found: who sees that number grow knows whose record has just come. */
import { shownCount, shownShare } from '#core/linkage/mask.ts'
import { table } from '#core/terminal/table.ts'
import { type Circuit, COLLECTED_WITHIN_MS } from './circuits.ts'
import type { HeldList } from './held-list.ts'
import type { AllFound } from './matches.ts'

export interface CircuitStatus {
  readonly id: string
  readonly project: string
  readonly opened: string
  readonly closes: string
  readonly destroyed_by: string
  readonly state: 'open' | 'closed'
  /** Processes of deidentify that have compared. */
  readonly processes: number
  readonly records_compared: number | string
  readonly share_with_number: number | string | null
  /** Whether as many subjects were found as a result needs. */
  readonly enough_found: boolean
}

export function statusOf(circuit: Circuit, { least }: HeldList, found: AllFound, now: number): CircuitStatus {
  return {
    ...{ id: circuit.id, project: circuit.project, opened: circuit.opened_at },
    closes: new Date(circuit.closes).toISOString(),
    destroyed_by: new Date(circuit.closes + COLLECTED_WITHIN_MS).toISOString(),
    state: now < circuit.closes ? 'open' : 'closed',
    processes: found.files,
    records_compared: shownCount(found.compared),
    share_with_number: shownShare(found.numbered, found.compared),
    enough_found: found.patients.size >= least,
  }
}

export function statusText(all: readonly CircuitStatus[]): string {
  if (all.length === 0) return 'No circuit is open on this host.\n'
  return table(
    ['circuit', 'project', 'state', 'closes', 'destroyed by', 'compared', 'with a number', 'enough found'],
    all.map((one) => [
      ...[one.id, one.project, one.processes === 0 ? `${one.state}, nothing compares yet` : one.state],
      ...[one.closes, one.destroyed_by, String(one.records_compared), String(one.share_with_number ?? '-')],
      one.enough_found ? 'yes' : 'no',
    ]),
  )
}
