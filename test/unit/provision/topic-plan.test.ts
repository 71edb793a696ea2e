import { expect, test } from 'vitest'
import { planLines, planTopics, type TopicRules, topicSettings } from '../../../services/provision/topic-plan.ts'
import { contractOf } from '../gateway/harness.ts'

const RULES: TopicRules = { namespace: 'n.', partitions: 2, replication: 3, retentionMs: 72 * 3_600_000 }
const contracts = [contractOf('death')]

test('a topic that is missing has as many partitions as the other one of its feed', () => {
  const settings = topicSettings('identified', RULES, 3)
  const present = new Map([['n.identified.death', { partitions: 5, replication: 3, settings }]])
  const plan = planTopics(contracts, RULES, present)
  expect(plan.create).toMatchObject([
    { topic: 'n.pseudonymised.death', partitions: 5, replication: 3 },
    { topic: 'n.linkage.death', partitions: 5, replication: 3 },
    { topic: 'n.linked.death', partitions: 5, replication: 3 },
    { topic: 'n.sealing.keys', partitions: 1, replication: 3 },
    { topic: 'n.audit.access', partitions: 1, replication: 3 },
    { topic: 'n.key.fingerprints', partitions: 1, replication: 3 },
    { topic: 'n.routing.fingerprints', partitions: 1, replication: 3 },
    { topic: 'n.link.decisions', partitions: 1, replication: 3 },
  ])
  expect(plan.drift).toEqual([])
  expect(planLines(plan).at(-1)).toBe('n.identified.death: 5 partitions, and CHAINON_PARTITIONS is 2: not changed')
})

test('encodings stay as short as identities, and persons are kept; a feed without identities has neither topic', () => {
  const retention = planTopics([...contracts, contractOf('observation')], RULES, new Map()).create.map(
    ({ topic, settings }) => [topic, settings['retention.ms']],
  )
  expect(retention.slice(0, 6)).toEqual([
    ['n.identified.death', '259200000'],
    ['n.pseudonymised.death', '-1'],
    ['n.linkage.death', '259200000'],
    ['n.linked.death', '-1'],
    ['n.identified.observation', '259200000'],
    ['n.pseudonymised.observation', '-1'],
  ])
})

test('only a setting that deletes records of the pseudonymised log is dangerous', () => {
  const of = (zone: 'identified' | 'pseudonymised', more: Record<string, string>) =>
    [
      `n.${zone}.death`,
      { partitions: 2, replication: 3, settings: { ...topicSettings(zone, RULES, 3), ...more } },
    ] as const
  const present = new Map([
    of('identified', { 'retention.ms': '1', 'segment.ms': '604800000' }),
    of('pseudonymised', { 'retention.bytes': '1000', 'max.message.bytes': '1000' }),
  ])
  expect(planTopics(contracts, RULES, present).drift.map(({ name, to, dangerous }) => [name, to, dangerous])).toEqual([
    ['retention.ms', '259200000', false],
    ['segment.ms', '21600000', false],
    ['retention.bytes', '-1', true],
    ['max.message.bytes', '8388608', false],
  ])
})

test('the replicas that must acknowledge follow the replicas that a topic has, not those that a new one would have', () => {
  expect(topicSettings('identified', RULES, 1)['min.insync.replicas']).toBe('1')
  expect(topicSettings('identified', RULES, 3)['min.insync.replicas']).toBe('2')
})

test('the access journal is one partition that is kept for good; a setting that deletes of it is dangerous', () => {
  const created = planTopics(contracts, RULES, new Map()).create.find(({ topic }) => topic === 'n.audit.access')
  expect(created).toMatchObject({
    topic: 'n.audit.access',
    partitions: 1,
    settings: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1', 'min.insync.replicas': '2' },
  })
  const settings = { ...created?.settings, 'retention.ms': '604800000', 'cleanup.policy': 'compact' }
  const present = new Map([['n.audit.access', { partitions: 1, replication: 3, settings }]])
  expect(planTopics(contracts, RULES, present).drift).toEqual([
    { topic: 'n.audit.access', name: 'cleanup.policy', from: 'compact', to: 'delete', dangerous: true },
    { topic: 'n.audit.access', name: 'retention.ms', from: '604800000', to: '-1', dangerous: true },
  ])
})
