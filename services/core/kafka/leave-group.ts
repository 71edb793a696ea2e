/**
 * Takes members out of a consumer group that have ended without leaving it. The coordinator would wait for their sessions to end, and no
 * other member would get their partitions before. kafkajs sends LeaveGroup for its own consumers only, so this uses the connection
 * that it gives to an assigner. It is another connection than that of a running consumer: a broker answers the requests of
 * one connection in order, and a JoinGroup is not answered while the group waits for the member that has ended.
 */
import type { Cluster, Kafka } from 'kafkajs'

interface Coordinator {
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}

/** @throws an error of kafkajs when the coordinator is unreachable; a member that the group does not have is no error */
export async function leaveGroup(kafka: Kafka, groupId: string, memberIds: readonly string[]): Promise<void> {
  let captured: Cluster | undefined
  const client = kafka.consumer({
    groupId,
    partitionAssigners: [
      ({ cluster }) => {
        captured = cluster
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        }
      },
    ],
    retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 200 },
  })
  try {
    await client.connect()
    const coordinator = (await captured?.findGroupCoordinator({ groupId })) as unknown as Coordinator | undefined
    for (const memberId of memberIds) {
      try {
        await coordinator?.leaveGroup({ groupId, memberId })
      } catch (error) {
        if ((error as { type?: string }).type !== 'UNKNOWN_MEMBER_ID') throw error
      }
    }
  } finally {
    await client.disconnect()
  }
}
