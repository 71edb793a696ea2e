/**
 * How far each partition is in the index, beside what the group has committed: Redis may lose its last second or everything, and then the linker reads
 * again what Kafka still has of it.
 */
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { LinkIndex } from '../index/link-index.ts'

export interface Position {
  /** The partition's name in the index. */
  readonly key: string
  /** Where the partition must be read from first; undefined when the batch can be used. */
  readonly seek: bigint | undefined
  /** Messages between what the index has and the batch: Kafka no longer has them. */
  readonly missed: bigint
}

interface Known {
  readonly epoch: number
  next: bigint
  /** It was looked for messages before the batch. */
  sought: boolean
}

export function positions() {
  const known = new Map<string, Known>()
  const keyOf = ({ topic, partition }: Pick<PartitionBatch, 'topic' | 'partition'>) => `${topic}:${partition}`
  return {
    /** @param first offset of the batch's first message */
    async of(
      batch: Pick<PartitionBatch, 'topic' | 'partition' | 'epoch'>,
      first: bigint,
      index: Pick<LinkIndex, 'position'>,
    ): Promise<Position> {
      const key = keyOf(batch)
      let one = known.get(key)
      if (one?.epoch !== batch.epoch) {
        one = { epoch: batch.epoch, next: (await index.position(key)) ?? 0n, sought: false }
        known.set(key, one)
      }
      const missing = first > one.next ? first - one.next : 0n
      if (missing === 0n || one.sought) {
        one.sought = false
        return { key, seek: undefined, missed: missing }
      }
      one.sought = true
      return { key, seek: one.next, missed: 0n }
    },
    passed(batch: Pick<PartitionBatch, 'topic' | 'partition' | 'epoch'>, next: bigint): void {
      known.set(keyOf(batch), { epoch: batch.epoch, next, sought: false })
    },
  }
}
