/** What each user of Kafka may do, by an attempt: the table here is written by hand, and not that of the code. */
import kafkajs, { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeUnreachable } from '#core/faults/errors.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { partitionReader } from '#core/kafka/partition-reader.ts'
import { KAFKA_USERS, type KafkaUser } from '#core/kafka/users.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { kafkaAccess, produce, testKafka } from '../helpers/kafka.ts'
import { isolated, withLogin } from '../helpers/servers.ts'
import { failingService } from '../helpers/services.ts'

const TOPICS = [
  'identified.patient',
  'pseudonymised.patient',
  'sealing.keys',
  'key.fingerprints',
  'audit.access',
  'linkage.patient',
  'linked.patient',
  'link.decisions',
  'routing.fingerprints',
] as const
type Topic = (typeof TOPICS)[number]

/** r: read, w: write, d: only see that it is there; in the order of TOPICS. */
const EXPECTED: Readonly<Record<KafkaUser, readonly string[]>> = {
  gateway: ['w', '', 'r', '', 'w', '', '', '', 'rw'],
  deidentify: ['r', 'rw', 'w', 'rw', 'w', 'rw', '', '', ''],
  linker: ['', '', '', 'rw', '', 'r', 'w', 'r', ''],
  curate: ['d', 'r', '', 'rw', '', '', 'r', 'w', ''],
  console: ['d', 'd', '', '', 'rw', 'd', 'd', '', ''],
  extract: ['', '', '', '', 'w', '', '', '', ''],
  operator: ['d', 'r', '', '', 'w', 'd', 'd', '', ''],
  auditor: ['', '', '', '', 'r', '', '', '', ''],
}

const place = isolated()
const topicOf = (topic: Topic) => `${place.namespace}${topic}`
const as = (user: string) => testKafka(withLogin(user, place.env))
const provision = () => runToEnd('services/provision/main.ts', [], place.env)

beforeAll(async () => {
  const { status, stderr } = await provision()
  if (status !== 0) throw new Error(stderr)
  for (const topic of TOPICS) await produce(place.env, topicOf(topic), [{ partition: 0, key: 'x', value: 'x' }])
})
afterAll(() => place.remove())

/** Only a refused right is a no. */
async function may(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    (error: unknown) => {
      const refused = [error, (error as Error).cause].find((one) => describeUnreachable(one)?.includes('no right'))
      if (refused === undefined) throw error
      return false
    },
  )
}

async function reading(user: KafkaUser, topic: Topic): Promise<void> {
  const reader = partitionReader(as(user))
  try {
    await reader.last(topicOf(topic), 0)
  } finally {
    await reader.close()
  }
}

async function writing(user: KafkaUser, topic: Topic): Promise<void> {
  const producer = as(user).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    await producer.send({ topic: topicOf(topic), messages: [{ partition: 0, key: 'x', value: 'x' }] })
  } finally {
    await producer.disconnect()
  }
}

const seeing = (user: KafkaUser, topic: Topic) =>
  withAdmin(as(user), (admin) => admin.fetchTopicOffsets(topicOf(topic)))

async function found(user: KafkaUser, topic: Topic): Promise<string> {
  const rights = [(await may(reading(user, topic))) ? 'r' : '', (await may(writing(user, topic))) ? 'w' : ''].join('')
  return rights === '' && (await may(seeing(user, topic))) ? 'd' : rights
}

describe('a user of Kafka', () => {
  it.each(KAFKA_USERS)('%s reads and writes what it needs, and nothing else', async (user) => {
    const all = await Promise.all(TOPICS.map((topic) => found(user, topic)))
    expect(all).toEqual(EXPECTED[user])
  })

  it.each(KAFKA_USERS)('%s changes no topic, no setting, no right and no log', async (user) => {
    const name = topicOf('audit.access')
    const resource = { resourceType: kafkajs.AclResourceTypes.TOPIC, resourceName: name }
    const acl = {
      ...resource,
      resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
      principal: `User:${user}`,
      host: '*',
      operation: kafkajs.AclOperationTypes.ALL,
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
    }
    const configEntries = [{ name: 'retention.ms', value: '1' }]
    const attempts: Readonly<Record<string, (admin: Admin) => Promise<unknown>>> = {
      create: (admin) => admin.createTopics({ topics: [{ topic: `${place.namespace}identified.other` }] }),
      alter: (admin) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }],
        }),
      grant: (admin) => admin.createAcls({ acl: [acl] }),
      delete: (admin) => admin.deleteTopics({ topics: [name] }),
    }
    for (const [what, attempt] of Object.entries(attempts))
      expect(await may(withAdmin(as(user), attempt)).catch((error: Error) => refusedIn(error)), what).toBe(false)
  })

  it('takes no group of another, although it may read its topic', async () => {
    const consumer = as('operator').consumer({
      groupId: `${place.namespace}curate`,
      retry: { retries: 0, restartOnFailure: async () => false },
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [topicOf('pseudonymised.patient')], fromBeginning: true })
    const crashed = new Promise((resolve) =>
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error)),
    )
    const joining = consumer.run({ eachMessage: async () => undefined })
    const refused = await Promise.race([
      crashed,
      joining.then(
        () => crashed,
        (error: unknown) => error,
      ),
    ])
    expect(describeUnreachable(refused)).toMatch(/no right/)
    await consumer.disconnect()
  })
})

/** kafkajs wraps what several topics answered. */
function refusedIn(error: Error): boolean {
  const { errors = [] } = error as { errors?: readonly Error[] }
  if (errors.length === 0 || errors.some((one) => !describeUnreachable(one)?.includes('no right'))) throw error
  return false
}

describe('without a password', () => {
  const { KAFKA_BROKERS: broker = '' } = place.env
  const connecting = (options: ConstructorParameters<typeof Kafka>[0]) =>
    withAdmin(new Kafka({ ...options, logLevel: logLevel.NOTHING, retry: { retries: 0 } }), (admin) =>
      admin.listTopics(),
    )

  it('nobody gets an answer', async () => {
    await expect(connecting({ brokers: [broker] })).rejects.toThrow()
  })

  it.each([...KAFKA_USERS, 'admin', 'controller'])('%s is not logged in with a wrong one', async (username) => {
    const sasl = { mechanism: 'scram-sha-512', username, password: 'wrong' } as const
    const refused = await connecting({ brokers: [broker], sasl }).catch((error: unknown) => error)
    expect(describeUnreachable(refused)).toMatch(/^Kafka rejects the login/)
    const plain = { mechanism: 'plain', username, password: 'wrong' } as const
    await expect(connecting({ brokers: [broker], sasl: plain })).rejects.toThrow()
  })
})

it('a right that somebody added is removed by provision, and said', async () => {
  const acl = {
    resourceType: kafkajs.AclResourceTypes.TOPIC,
    resourceName: `${place.namespace}identified.`,
    resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED,
    principal: 'User:gateway',
    host: '*',
    operation: kafkajs.AclOperationTypes.READ,
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  }
  await withAdmin(new Kafka({ ...kafkaAccess(place.env), logLevel: logLevel.NOTHING }), (admin) =>
    admin.createAcls({ acl: [acl] }),
  )
  await expect.poll(() => may(reading('gateway', 'identified.patient'))).toBe(true)
  const { status, stderr } = await provision()
  expect([status, stderr]).toEqual([0, expect.stringMatching(/"event":"kafka-rights","created":0,"removed":1/)])
  expect(await may(reading('gateway', 'identified.patient'))).toBe(false)
})

it('a key for the linkage tokens that somebody published before curate keeps curate from starting', async () => {
  const value = Buffer.alloc(32, 7).toString('hex')
  await produce(place.env, topicOf('key.fingerprints'), [
    { partition: 0, key: 'curate/linkage-tokens.key public', value },
  ])
  const { status, log } = await failingService('curate', place.env)
  expect([status, log]).toEqual([78, expect.stringContaining('was published first: restore the key from its backup')])
})
