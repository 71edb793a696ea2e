/** What an operator or an accident does to the log under load: more partitions, another contract, lost offsets, a topic created again. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, until } from '../bench.ts'
import { type FaultKind, type Ground, hit, killAndWait, missed } from '../fault.ts'
import { FEEDS, type Feed } from '../load/records.ts'
import type { Group } from '../log-admin.ts'

const PARTITIONS_AT_MOST = 6

const MORE_PARTITIONS: FaultKind = {
  name: 'more-partitions',
  weight: 1,
  async run({ bench, admin, random }) {
    const feed = random.pick<Feed>(['patient', 'observation', 'encounter'])
    const topics = [`pseudonymised.${feed}`, `identified.${feed}`]
    const now = await admin.use((client) => client.fetchTopicOffsets(`identified.${feed}`))
    if (now.length >= PARTITIONS_AT_MOST) return missed(`${feed} has ${now.length} partitions already`)
    const count = now.length + 1
    // The pseudonymised topic first: deidentify writes to the partition of the same index.
    for (const topic of topics)
      await admin.use((client) => client.createPartitions({ topicPartitions: [{ topic, count }] }))
    // The clients read the partitions of a topic again at their next start, or after some minutes.
    await Promise.all((['gateway', 'deidentify', 'curate'] as const).map((name) => killAndWait(bench, name)))
    const used = await until(async () => {
      const ends = await admin.use((client) => client.fetchTopicOffsets(`pseudonymised.${feed}`))
      return ends.some(({ partition, high }) => partition === count - 1 && Number(high) > 0)
    }, 30_000)
    const evidence = `${feed} has ${count} partitions, the last one ${used ? 'with' : 'WITHOUT'} records`
    return used ? hit(evidence) : missed(evidence)
  },
}

const CONTRACT: FaultKind = {
  name: 'contract-change',
  weight: 2,
  async run(ground) {
    const { bench, load, random, admin } = ground
    const feed = random.pick<Feed>(['observation', 'encounter'])
    const file = join(bench.feeds, `${feed}.avsc`)
    const contract = JSON.parse(readFileSync(file, 'utf8')) as { fields: object[] }
    const name = `chaos_${contract.fields.length}`
    contract.fields.push({
      name,
      type: ['null', 'string'],
      doc: 'Added under load',
      default: null,
      privacy: { class: 'none', action: 'keep', guard: [{ values: ['new'] }] },
      maxLength: 8,
    })
    writeFileSync(file, `${JSON.stringify(contract, null, 2)}\n`)
    await bench.provision()
    const before = await admin.openIntents()
    // Curate first: it must read what the others will write.
    for (const service of ['curate', 'deidentify', 'gateway'] as const) await killAndWait(bench, service)
    ground.checker.ruleAdded(feed, `guard-${name.replaceAll('_', '-')}`)
    load.more.set(feed, { ...load.more.get(feed), [name]: 'new' })
    await sleep(800)
    return hit(`${feed} has the field ${name}, every service restarted under load, ${before} open intents before`)
  },
}

function offsetsDeleted(group: Group): FaultKind {
  return {
    name: `offsets-deleted-${group}`,
    weight: 3,
    async run({ bench, admin }) {
      // The supervisor would start the worker again before the group is empty.
      bench.supervisor.signal('SIGSTOP')
      try {
        const before = bench.kill(group, 'SIGTERM')
        const empty = await until(async () => (await admin.members(group)).length === 0, 60_000)
        const had = (await admin.committed(group)).filter(({ offset }) => offset >= 0).length
        await admin.use((client) => client.deleteGroups([group]))
        const left = (await admin.committed(group)).filter(({ offset }) => offset >= 0).length
        bench.supervisor.signal('SIGCONT')
        await bench.restarted(group, before)
        const evidence = `${had} offsets of ${group} were deleted, ${left} were left`
        return empty && had > 0 && left === 0 ? hit(evidence) : missed(evidence)
      } finally {
        bench.supervisor.signal('SIGCONT')
      }
    },
  }
}

/** Everything of the topic is loaded before it is deleted: what no worker had read yet would be lost by the operator, not by Chainon. */
const TOPIC_AGAIN: FaultKind = {
  name: 'topic-recreated',
  weight: 2,
  async run(ground: Ground) {
    const { bench, admin, load, random, checker } = ground
    const feed = random.pick<Feed>([...FEEDS])
    await load.settle()
    if (!(await admin.drained(60_000))) return missed('records stay in flight')
    await checker.check()
    const topic = `identified.${feed}`
    const partitions = (await admin.use((client) => client.fetchTopicOffsets(topic))).length
    await admin.use((client) => client.deleteTopics({ topics: [topic] }))
    await until(async () => !(await admin.use((client) => client.listTopics())).includes(topic), 20_000)
    await admin.use((client) =>
      client.createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
        waitForLeaders: false,
      }),
    )
    const empty = await until(async () => {
      const ends = await admin.use((client) => client.fetchTopicOffsets(topic))
      return ends.length === partitions && ends.every(({ high }) => high === '0')
    }, 20_000)
    checker.recreated('identified', feed)
    await Promise.all((['gateway', 'deidentify', 'curate'] as const).map((name) => killAndWait(bench, name)))
    load.start()
    await sleep(1000)
    return empty
      ? hit(`${topic} was deleted and created again, its offsets begin at 0`)
      : missed(`${topic} is not empty`)
  },
  // Each partition has one, with its first record. It stays open until somebody has read it: here the operator who created the topic again.
  tidy: ({ bench }) => closeFindings(bench, 'topic-recreated'),
}

const FINDING_WITHIN_MS = 60_000

/** Waits until `chainon finding list` shows a finding with this code, and closes all such. */
async function closeFindings(bench: Bench, code: string): Promise<void> {
  const chainon = (args: readonly string[]) =>
    new Promise<string>((resolve) => {
      const command = ['services/cli/chainon.mjs', 'finding', ...args, '--data-dir', bench.data]
      // It exits with 1 when there is a finding.
      execFile(process.execPath, command, (_, output) => resolve(output))
    })
  let found: readonly string[] = []
  const seen = await until(async () => {
    const open = JSON.parse(await chainon(['list', '--json'])) as readonly { id: string; code: string }[]
    found = open.filter((one) => one.code === code).map(({ id }) => id)
    return found.length > 0
  }, FINDING_WITHIN_MS)
  if (!seen) throw new Error(`no finding ${code} was opened`)
  for (const id of found) await chainon(['close', id, '--reason', 'it was created again on purpose'])
}

export const LOG: readonly FaultKind[] = [
  MORE_PARTITIONS,
  CONTRACT,
  offsetsDeleted('curate'),
  offsetsDeleted('deidentify'),
  TOPIC_AGAIN,
]
