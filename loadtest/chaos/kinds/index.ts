/** Every kind of fault, and the draw of one. */
import type { FaultKind } from '../fault.ts'
import { seeded } from '../random.ts'
import { KILLS } from './kills.ts'
import { LOG } from './log.ts'
import { NETWORK } from './network.ts'
import { STOPS } from './stops.ts'
import { STORES } from './stores.ts'
import { WORKERS } from './workers.ts'

export const KINDS: readonly FaultKind[] = [...KILLS, ...NETWORK, ...STOPS, ...WORKERS, ...LOG, ...STORES]

/**
 * @param only names of kinds, or the beginnings of names; none for all
 * @param inTurn each kind once, then each again, instead of a draw by weight
 * @returns the kind of the run with this index
 */
export function drawKind(seed: string, index: number, only: readonly string[], inTurn = false): FaultKind {
  const kinds = KINDS.filter(({ name }) => only.length === 0 || only.some((start) => name.startsWith(start)))
  if (inTurn) return kindAt(kinds, index, only)
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0)
  let at = seeded(`${seed}:${index}:kind`).next() * total
  for (const kind of kinds) {
    at -= kind.weight
    if (at < 0) return kind
  }
  return kindAt(kinds, 0, only)
}

function kindAt(kinds: readonly FaultKind[], index: number, only: readonly string[]): FaultKind {
  const kind = kinds[index % kinds.length]
  if (!kind) throw new Error(`no kind of fault begins with ${only.join(' or ')}`)
  return kind
}
