/**
 * Which member reads which partition: balanced, and as few moves as possible. Each member names the partitions that it has; it keeps them up to
 * its share. A partition goes only to a member that subscribes to its topic: members may have different contracts, and kafkajs' own
 * assigner would give a topic to members that do not read it, or leave a topic out that the leader does not know.
 */
import kafkajs, { type Cluster, type PartitionAssigner } from 'kafkajs'
import type { Assignment } from './ownership.ts'

export interface Member {
  readonly id: string
  readonly topics: readonly string[]
  /** What it had in the last generation that it was in. */
  readonly has: Assignment
}

/** The name is part of the group's protocol: members with another assigner cannot join. */
const NAME = 'ChainonSticky'
const VERSION = 1
const { AssignerProtocol } = kafkajs
/** Beside the topics in what a member tells, and not the name of one: a leader that does not know it passes it over, because it is no list of partitions. */
const TOLD = { transport: '*seals-under', tokens: '*seals-tokens-under' } as const

/** Versions of the keys under which a worker seals: encodings for the linker, and linkage tokens for `curate`. */
export type SealsUnder = Readonly<Record<keyof typeof TOLD, number>>

/**
 * @param partitions ids of each topic's partitions; topics that no member subscribes to are left out
 * @returns each partition once, at a member that subscribes to its topic; the same for the same members, in any order
 */
export function assign(
  members: readonly Member[],
  partitions: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, Assignment> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const result = new Map<string, Record<string, number[]>>(sorted.map(({ id }) => [id, {}]))
  const load = new Map<string, number>(sorted.map(({ id }) => [id, 0]))
  const give = (id: string, topic: string, partition: number) => {
    const of = result.get(id) ?? {}
    const list = of[topic]
    if (list) list.push(partition)
    else of[topic] = [partition]
    load.set(id, (load.get(id) ?? 0) + 1)
  }
  const topics = [...partitions.keys()].toSorted()
  // Topics that few members read come first: the others can go where there is room.
  const readers = new Map(topics.map((topic) => [topic, sorted.filter((member) => member.topics.includes(topic))]))
  const order = topics.toSorted((a, b) => (readers.get(a)?.length ?? 0) - (readers.get(b)?.length ?? 0))
  const left: { readonly topic: string; readonly partition: number }[] = []
  const total = order.reduce(
    (sum, topic) => sum + (readers.get(topic)?.length ? (partitions.get(topic)?.length ?? 0) : 0),
    0,
  )
  const most = Math.ceil(total / Math.max(1, sorted.length))
  // So many members may have `most` partitions; the others have one less.
  let full = total - (most - 1) * sorted.length
  const mayKeep = (id: string) => {
    const has = load.get(id) ?? 0
    if (has < most - 1) return true
    if (has >= most || full <= 0) return false
    full--
    return true
  }
  for (const topic of order) {
    const of = readers.get(topic) ?? []
    for (const partition of partitions.get(topic) ?? []) {
      const owner = of.find(({ has }) => has[topic]?.includes(partition))
      if (owner && mayKeep(owner.id)) give(owner.id, topic, partition)
      else if (of.length > 0) left.push({ topic, partition })
    }
  }
  for (const { topic, partition } of left) {
    const least = readers.get(topic)?.reduce((a, b) => ((load.get(b.id) ?? 0) < (load.get(a.id) ?? 0) ? b : a))
    if (least) give(least.id, topic, partition)
  }
  return result
}

/** What this member tells the leader and whoever describes the group, and hears of its group. */
export interface Membership {
  readonly sealsUnder?: SealsUnder | undefined
  /** What it has now. */
  readonly has: () => Assignment
  /** Called before each JoinGroup. */
  readonly onJoin: () => void
}

/** @returns the assigner in the form that kafkajs calls */
export function stickyAssigner({ has, onJoin, sealsUnder }: Membership): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol({ topics }) {
      onJoin()
      const told = sealsUnder && { [TOLD.transport]: sealsUnder.transport, [TOLD.tokens]: sealsUnder.tokens }
      const userData = Buffer.from(JSON.stringify({ ...has(), ...told }))
      return { name: NAME, metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData }) }
    },
    async assign({ members }) {
      const read = members.map(({ memberId, memberMetadata }) => memberOf(memberId, memberMetadata))
      const topics = [...new Set(read.flatMap((member) => member.topics))]
      const partitions = new Map<string, readonly number[]>()
      for (const topic of topics) partitions.set(topic, await partitionsOf(cluster, topic))
      return [...assign(read, partitions)].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: assignment as Record<string, number[]>,
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
}

/** The leader may not read the topic itself. A topic that does not exist must not keep the group from the others. */
async function partitionsOf(cluster: Cluster, topic: string): Promise<readonly number[]> {
  try {
    await cluster.addTargetTopic(topic)
  } catch (error) {
    if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return []
    throw error
  }
  return cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => partitionId)
    .toSorted((a, b) => a - b)
}

function memberOf(id: string, metadata: Buffer): Member {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata)
  return { id, topics: decoded?.topics ?? [], has: assignmentOf(decoded?.userData) }
}

/** @param metadata of a member, as its group has it @returns the version of a key under which it seals; undefined when it does not say */
export function sealsUnderOf(metadata: Buffer, key: keyof SealsUnder): number | undefined {
  try {
    const value: unknown = JSON.parse(String(AssignerProtocol.MemberMetadata.decode(metadata)?.userData))
    const version = (value as Record<string, unknown> | null)?.[TOLD[key]]
    return typeof version === 'number' ? version : undefined
  } catch {
    return undefined
  }
}

/** @returns nothing for user data of another form: the member then gets its share like a new one */
function assignmentOf(userData: Buffer | undefined): Assignment {
  try {
    const value: unknown = JSON.parse(String(userData))
    if (typeof value !== 'object' || value === null) return {}
    const entries = Object.entries(value).filter(
      (entry): entry is [string, number[]] => Array.isArray(entry[1]) && entry[1].every(Number.isInteger),
    )
    return Object.fromEntries(entries)
  } catch {
    return {}
  }
}
