/** This process as a member of its consumer group, and the removal of members that ended without leaving it. */
import type { Kafka } from 'kafkajs'
import { leaveGroup } from '../kafka/leave-group.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import { memberFiles } from './member-files.ts'

export interface Members {
  /** This process is the member from now on. */
  joined(memberId: string): void
  /** The client joins under a new id; the group would wait for the session of the old one. */
  abandoned(): void
  /** Takes the dead out of the group; on a failure the next call tries again. */
  removeDead(): Promise<void>
  /** This process has left the group. */
  left(): void
}

/** @param folder the data folder, which processes of one machine may share */
export function createMembers(kafka: Kafka, groupId: string, folder: string, logger: Logger): Members {
  const files = memberFiles(folder, groupId)
  let own: string | undefined
  let former: readonly string[] = []
  let removing: Promise<void> | undefined

  async function remove(): Promise<void> {
    const dead = files.dead()
    const ids = [...dead.map(({ memberId }) => memberId), ...former]
    if (ids.length === 0) return
    try {
      await leaveGroup(kafka, groupId, ids)
      for (const one of dead) files.forget(one)
      former = former.filter((id) => !ids.includes(id))
      logger.info({ event: 'dead-members-removed', members: ids.length })
    } catch (error) {
      logger.debug({ event: 'dead-members-not-removed', err: safeError(error) })
    }
  }

  return {
    joined(memberId) {
      if (memberId === own) return
      own = memberId
      files.write(memberId)
    },
    abandoned() {
      if (own !== undefined) former = [...former, own]
      own = undefined
    },
    removeDead() {
      removing ??= remove().finally(() => {
        removing = undefined
      })
      return removing
    },
    left: () => files.remove(),
  }
}
