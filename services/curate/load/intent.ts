/**
 * What the consumer group's offset metadata says: the origin high-water mark, and while a batch is under way the end of its
 * range. The next owner of the partition reads it and forms exactly that range again. Kafka allows 4 KB; this is 60 bytes.
 */
export interface Progress {
  /** Last origin offset that was loaded; -1 before the first. */
  readonly hwm: bigint
  /** One past the last log offset of the batch that was started; it may be loaded or not. */
  readonly to?: bigint
}

export function formatProgress(progress: Progress): string {
  return JSON.stringify({
    hwm: progress.hwm.toString(),
    ...(progress.to === undefined ? {} : { to: progress.to.toString() }),
  })
}

/** @returns undefined when the metadata is not Chainon's: offsets set by hand, or by another program */
export function parseProgress(metadata: string): Progress | undefined {
  try {
    const json: unknown = JSON.parse(metadata)
    if (typeof json !== 'object' || json === null || !('hwm' in json)) return undefined
    const { hwm, to } = json as { hwm: unknown; to?: unknown }
    if (typeof hwm !== 'string' || (to !== undefined && typeof to !== 'string')) return undefined
    return { hwm: BigInt(hwm), ...(to === undefined ? {} : { to: BigInt(to) }) }
  } catch {
    return undefined
  }
}
