/** The assigner as a pure function: complete, exclusive, balanced, sticky, and aware of what each member reads. */
import fc from 'fast-check'
import kafkajs, { type Cluster, type Logger } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { assign, type Member, type SealsUnder, sealsUnderOf, stickyAssigner } from '#core/worker/assigner.ts'
import type { Assignment } from '#core/worker/ownership.ts'

const TOPICS = ['a', 'b', 'c', 'd']
const partitionsArbitrary = fc
  .tuple(...TOPICS.map(() => fc.integer({ min: 0, max: 7 })))
  .map(
    (counts) => new Map(TOPICS.map((topic, index) => [topic, Array.from({ length: counts[index] ?? 0 }, (_, i) => i)])),
  )
const hasArbitrary = fc.dictionary(fc.constantFrom(...TOPICS), fc.uniqueArray(fc.integer({ min: 0, max: 9 })))
const membersArbitrary = (topics: fc.Arbitrary<readonly string[]>) =>
  fc
    .array(fc.record({ topics, has: hasArbitrary }), { minLength: 1, maxLength: 6 })
    .map((members) => members.map((member, index): Member => ({ id: `m${index}`, ...member })))
const anyTopics = membersArbitrary(fc.subarray(TOPICS))
const allTopics = membersArbitrary(fc.constant(TOPICS))

const flat = (assignment: Assignment) =>
  Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}:${partition}`))
const size = (assignment: Assignment | undefined) => flat(assignment ?? {}).length

describe('assign', () => {
  it('gives each partition that a member reads to exactly one member, which reads its topic', () => {
    fc.assert(
      fc.property(anyTopics, partitionsArbitrary, (members, partitions) => {
        const result = assign(members, partitions)
        const read = new Set(members.flatMap(({ topics }) => topics))
        const wanted = [...partitions].flatMap(([topic, ids]) =>
          read.has(topic) ? ids.map((id) => `${topic}:${id}`) : [],
        )
        expect([...result.values()].flatMap(flat).toSorted()).toEqual(wanted.toSorted())
        for (const { id, topics } of members)
          for (const topic of Object.keys(result.get(id) ?? {})) expect(topics).toContain(topic)
      }),
    )
  })

  it('is balanced when all members read all topics, whatever they have', () => {
    fc.assert(
      fc.property(allTopics, partitionsArbitrary, (members, partitions) => {
        const loads = [...assign(members, partitions).values()].map(size)
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(anyTopics, partitionsArbitrary, (members, partitions) => {
        expect(assign(members.toReversed(), partitions)).toEqual(assign(members, partitions))
      }),
    )
  })

  it('moves nothing when nothing changes, and as little as the balance needs when a member joins or leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), partitionsArbitrary, (count, partitions) => {
        const fresh = Array.from({ length: count }, (_, i): Member => ({ id: `m${i}`, topics: TOPICS, has: {} }))
        const first = assign(fresh, partitions)
        const settled = fresh.map((member) => ({ ...member, has: first.get(member.id) ?? {} }))
        expect([...assign(settled, partitions)]).toEqual([...first])

        const [gone, ...rest] = settled
        const after = assign(rest, partitions)
        for (const { id, has } of rest) expect(flat(after.get(id) ?? {})).toEqual(expect.arrayContaining(flat(has)))

        const joined = assign([...settled, { id: 'new', topics: TOPICS, has: {} }], partitions)
        const kept = settled.map(
          ({ id, has }) => flat(has).filter((one) => flat(joined.get(id) ?? {}).includes(one)).length,
        )
        const total = [...partitions.values()].reduce((sum, ids) => sum + ids.length, 0)
        expect(total - kept.reduce((a, b) => a + b, 0)).toBe(size(joined.get('new')))
        expect(gone).toBeDefined()
      }),
    )
  })
})

describe('what a member tells', () => {
  const metadataOf = (sealsUnder?: SealsUnder) => {
    const assigner = stickyAssigner({ has: () => ({ a: [0, 2] }), onJoin: () => undefined, sealsUnder })
    return assigner({ cluster: {} as Cluster, groupId: 'g', logger: {} as Logger }).protocol({ topics: ['a'] }).metadata
  }

  it('has the version of the key under which it seals, where it seals', () => {
    const told = [metadataOf({ transport: 1, tokens: 2 }), metadataOf({ transport: 7, tokens: 3 }), metadataOf()]
    expect(told.map((one) => sealsUnderOf(one, 'transport'))).toEqual([1, 7, undefined])
    expect(told.map((one) => sealsUnderOf(one, 'tokens'))).toEqual([2, 3, undefined])
    for (const none of [Buffer.alloc(0), Buffer.from('no metadata')])
      expect(sealsUnderOf(none, 'transport')).toBeUndefined()
  })

  it('keeps its partitions with a leader that reads versions and with one that does not', async () => {
    const assigner = stickyAssigner({ has: () => ({}), onJoin: () => undefined })({
      cluster: {
        addTargetTopic: async () => undefined,
        findTopicPartitionMetadata: () => [0, 1, 2].map((partitionId) => ({ partitionId })),
      } as unknown as Cluster,
      groupId: 'g',
      logger: {} as Logger,
    })
    const members = [
      { memberId: 'm', memberMetadata: metadataOf({ transport: 2, tokens: 2 }) },
      { memberId: 'new', memberMetadata: assigner.protocol({ topics: ['a'] }).metadata },
    ]
    const given = await assigner.assign({ members, topics: ['a'] })
    const of = (id: string) => {
      const { memberAssignment } = given.find(({ memberId }) => memberId === id) ?? {}
      return kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment as Buffer)?.assignment
    }
    expect([of('m'), of('new')]).toEqual([{ a: [0, 2] }, { a: [1] }])
  })
})
