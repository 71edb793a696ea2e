/** Commits under the group's generation, which rejects those of a worker that has lost a partition without noticing. */
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

export function groupCommits(membership: { commit: CommitTogether }, isStopping: () => boolean): CommitTogether {
  return async (commits) => {
    // A client that is being stopped drops commits without an error: no insert may follow its intent then.
    if (isStopping()) throw new Revoked()
    await membership.commit(commits)
    if (isStopping()) throw new Revoked()
  }
}
