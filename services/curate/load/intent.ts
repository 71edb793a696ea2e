/**
 * The offset metadata of the consumer group: the high-water mark of the origins, and while a batch is in progress its intent. The worker
 * that owns the partition next reads it and forms exactly that range again. Kafka allows 4 KB; this is at most 400 bytes.
 */

/** A batch in progress, of which no block, some blocks or all blocks may be stored. */
export interface Intent {
  /** One past its last log offset. */
  readonly to: bigint
  /** One past its last origin offset. */
  readonly originTo: bigint
  /** What its blocks depend on besides the records; see `layoutOf`. */
  readonly layout: string
  /** Part of its tokens after rows of the range were removed; empty otherwise. */
  readonly attempt: string
  /** Milliseconds since 1970 after which none of its inserts runs any more. */
  readonly deadline: number
  /** Id of the merged insert that has the range among those of other partitions; see `fence.ts`. */
  readonly merged?: string
}

export interface Progress {
  /** Topic id of `pseudonymised.<feed>`, in which the committed offset and the intent's end are counted. */
  readonly logIncarnation: string
  /** The incarnation of the last origin; empty before the first. */
  readonly incarnation: string
  /** Last origin offset that was loaded; one before the first of the incarnation when there is none. */
  readonly hwm: bigint
  readonly intent?: Intent
}

export function formatProgress({ logIncarnation, incarnation, hwm, intent }: Progress): string {
  return JSON.stringify({
    log: logIncarnation,
    incarnation,
    hwm: hwm.toString(),
    ...(intent && { ...intent, to: intent.to.toString(), originTo: intent.originTo.toString() }),
  })
}

/** @returns undefined when the metadata is not Chainon's: an operator or another program set the offsets */
export function parseProgress(metadata: string): Progress | undefined {
  try {
    const json: unknown = JSON.parse(metadata)
    if (typeof json !== 'object' || json === null) return undefined
    const { log, incarnation, hwm, to, originTo, layout, attempt, deadline, merged } = json as Record<string, unknown>
    if (typeof log !== 'string' || typeof incarnation !== 'string' || typeof hwm !== 'string') return undefined
    const progress = { logIncarnation: log, incarnation, hwm: BigInt(hwm) }
    if (to === undefined) return progress
    if (typeof to !== 'string' || typeof originTo !== 'string' || typeof deadline !== 'number') return undefined
    if (typeof layout !== 'string' || typeof attempt !== 'string') return undefined
    if (merged !== undefined && typeof merged !== 'string') return undefined
    const intent = { to: BigInt(to), originTo: BigInt(originTo), layout, attempt, deadline }
    return { ...progress, intent: merged === undefined ? intent : { ...intent, merged } }
  } catch {
    return undefined
  }
}
