/**
 * The offset metadata of the consumer group: the high-water mark of the origins, and while a batch is in progress the end of its
 * range. The worker that owns the partition next reads it and forms exactly that range again. Kafka allows 4 KB; this is 120 bytes.
 */
export interface Progress {
  /** The incarnation of the last origin; empty before the first. */
  readonly incarnation: string
  /** Last origin offset that was loaded; -1 before the first. */
  readonly hwm: bigint
  /** One past the last log offset of the batch in progress, of which no block, some blocks or all blocks may be stored. */
  readonly to?: bigint
}

export function formatProgress(progress: Progress): string {
  return JSON.stringify({
    incarnation: progress.incarnation,
    hwm: progress.hwm.toString(),
    ...(progress.to === undefined ? {} : { to: progress.to.toString() }),
  })
}

/** @returns undefined when the metadata is not Chainon's: an operator or another program set the offsets */
export function parseProgress(metadata: string): Progress | undefined {
  try {
    const json: unknown = JSON.parse(metadata)
    if (typeof json !== 'object' || json === null || !('hwm' in json)) return undefined
    const { incarnation, hwm, to } = json as { incarnation?: unknown; hwm: unknown; to?: unknown }
    if (typeof incarnation !== 'string' || typeof hwm !== 'string') return undefined
    if (to !== undefined && typeof to !== 'string') return undefined
    return { incarnation, hwm: BigInt(hwm), ...(to === undefined ? {} : { to: BigInt(to) }) }
  } catch {
    return undefined
  }
}
