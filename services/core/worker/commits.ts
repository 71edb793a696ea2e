/** Commits under the group's generation, which rejects those of a worker that has lost a partition without noticing. */
import type { Consumer } from 'kafkajs'
import { Revoked } from './consumer-errors.ts'

export interface PartitionCommit {
  readonly topic: string
  readonly partition: number
  /** Of the message that the group reads next. */
  readonly offset: bigint
  readonly metadata?: string | undefined
}

/**
 * Commits several partitions of this worker in one request.
 *
 * @throws Revoked when the consumer stops
 */
export type CommitTogether = (commits: readonly PartitionCommit[]) => Promise<void>

export function groupCommits(consumer: Pick<Consumer, 'commitOffsets'>, isStopping: () => boolean): CommitTogether {
  return async (commits) => {
    // A client that is being stopped drops commits without an error: no insert may follow its intent then.
    if (isStopping()) throw new Revoked()
    await consumer.commitOffsets(
      commits.map(({ topic, partition, offset, metadata }) => ({
        topic,
        partition,
        offset: offset.toString(),
        metadata: metadata ?? null,
      })),
    )
    if (isStopping()) throw new Revoked()
  }
}
