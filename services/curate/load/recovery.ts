/**
 * Where a worker begins in a partition that it was assigned. The tiles say what is loaded; the group's metadata says how far the log
 * was read and which batch was in progress. Where the two do not fit each other (offsets lost or set back, a batch that can no longer be
 * formed in the same way) the tiles count, and rows beyond them are removed before the range is loaded again. Pure.
 */
import { firstOriginOf } from '#core/kafka/incarnation.ts'
import type { Intent, Progress } from './intent.ts'

/** What is known of a partition at its assignment. */
export interface Found {
  /** Topic id of the pseudonymised log. */
  readonly logIncarnation: string
  /** What the group committed; undefined when it never did, or not in Chainon's form. */
  readonly committed: { readonly offset: bigint; readonly progress: Progress } | undefined
  /** Incarnation to one past the last origin of its tiles. */
  readonly ends: ReadonlyMap<string, bigint>
  /** The same without the tiles of records that an operator accepted as lost. */
  readonly loadedEnds: ReadonlyMap<string, bigint>
  /** One past the last offset of this log that a tile names; 0 when none does. */
  readonly logEnd: bigint
  /** Incarnation to one past the last origin of rows beyond its tiles: of a batch whose tile was not written. */
  readonly beyond: ReadonlyMap<string, bigint>
  /** The layout with which this worker forms blocks. */
  readonly layout: string
}

export interface Start {
  /** Log offset of the first message to read. */
  readonly position: bigint
  /** The batch that must be formed again, with the rows that are missing. */
  readonly intent?: Intent
  /**
   * Set when a batch was begun that cannot be formed again. `until` is the time after which none of its inserts runs any more,
   * undefined when only its absolute limit is known: one deadline from now.
   */
  readonly unresolved?: { readonly why: 'progress-lost' | 'layout-changed'; readonly until: number | undefined }
}

export function startOf({ logIncarnation, committed, ends, loadedEnds, logEnd, beyond, layout }: Found): Start {
  const endOf = (incarnation: string) => ends.get(incarnation) ?? firstOriginOf(incarnation)
  if (!committed || committed.progress.logIncarnation !== logIncarnation) {
    const fresh = ends.size === 0 && beyond.size === 0
    if (fresh) return { position: 0n }
    return { position: logEnd, unresolved: { why: 'progress-lost', until: undefined } }
  }
  const { offset, progress } = committed
  const { incarnation, hwm, intent } = progress
  const end = incarnation === '' ? hwm + 1n : endOf(incarnation)
  const fits = end === hwm + 1n && (incarnation !== '' || ends.size === 0)
  // Nothing is inserted while a partition stands at a gap: a tile that accepts it is the only one that is new.
  const pastGap = loadedEnds.get(incarnation) === hwm + 1n && end > hwm + 1n
  if (!intent && pastGap && beyond.size === 0) return { position: offset }
  // The tile is the last of a batch's blocks.
  if (intent && end === intent.originTo && beyond.size === 0) return { position: intent.to }
  if (!fits) return { position: logEnd, unresolved: { why: 'progress-lost', until: undefined } }
  if (!intent)
    return beyond.size === 0
      ? { position: offset }
      : { position: offset, unresolved: { why: 'progress-lost', until: undefined } }
  if (intent.layout !== layout)
    return { position: offset, unresolved: { why: 'layout-changed', until: intent.deadline } }
  const ofIntent = [...beyond].every(([other, top]) => other === incarnation && top <= intent.originTo)
  return ofIntent
    ? { position: offset, intent }
    : { position: offset, unresolved: { why: 'progress-lost', until: undefined } }
}
