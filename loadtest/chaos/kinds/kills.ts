/** SIGKILL of each process, at the moment in which it matters: a request is caught on its way, and then the process is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PROCESS_NAMES, type ProcessName } from '#core/process/state-file.ts'
import {
  dispose,
  type FaultKind,
  type Ground,
  hit,
  isInsert,
  killAndWait,
  link,
  MOMENT_MS,
  missed,
  tableIn,
  whole,
} from '../fault.ts'
import type { LinkName } from '../links.ts'
import { KAFKA_COMMIT, KAFKA_PRODUCE } from '../proxy/framing.ts'

interface Moment {
  readonly kind: string
  readonly weight: number
  readonly killed: ProcessName
  readonly link: LinkName
  readonly matches: (label: string) => boolean
  readonly at: 'request' | 'answer'
}

const produce = (label: string) => label === KAFKA_PRODUCE
const commit = (label: string) => label === KAFKA_COMMIT
const script = (label: string) => label.startsWith('eval')

/** The client is killed while its request is on its way, or while the answer is. */
const CLIENT_MOMENTS: readonly Moment[] = [
  moment('kill-curate-before-insert', 10, 'curate', 'curate-clickhouse', isInsert, 'request'),
  moment('kill-curate-after-insert', 10, 'curate', 'curate-clickhouse', isInsert, 'answer'),
  moment('kill-curate-before-commit', 6, 'curate', 'curate-kafka', commit, 'request'),
  moment('kill-curate-after-commit', 6, 'curate', 'curate-kafka', commit, 'answer'),
  moment('kill-curate-at-link', 6, 'curate', 'curate-redis', script, 'answer'),
  moment('kill-deidentify-before-produce', 7, 'deidentify', 'deidentify-kafka', produce, 'request'),
  moment('kill-deidentify-after-produce', 7, 'deidentify', 'deidentify-kafka', produce, 'answer'),
  moment('kill-gateway-before-produce', 6, 'gateway', 'gateway-kafka', produce, 'request'),
  moment('kill-gateway-after-produce', 6, 'gateway', 'gateway-kafka', produce, 'answer'),
]

function moment(
  kind: string,
  weight: number,
  killed: ProcessName,
  on: LinkName,
  matches: (label: string) => boolean,
  at: 'request' | 'answer',
): Moment {
  return { kind, weight, killed, link: on, matches, at }
}

const clientKills: readonly FaultKind[] = CLIENT_MOMENTS.map(({ kind, weight, killed, link: on, matches, at }) => ({
  name: kind,
  weight,
  async run(ground: Ground) {
    const caught = await link(ground, on).trap(matches, at, MOMENT_MS)
    if (!caught) return missed(`no request on ${on}`)
    await whole(caught)
    const before = ground.bench.kill(killed, 'SIGKILL')
    const intents = killed === 'curate' ? `, ${await ground.admin.openIntents()} open intents` : ''
    const what = isInsert(caught.label) ? `an insert into ${tableIn(caught.label)}` : `${on} ${caught.label}`
    if (at === 'answer') {
      caught.discard()
      await ground.bench.restarted(killed, before)
      return hit(`${what} was answered, the answer lost${intents}`)
    }
    const end = await dispose(caught, ground.random)
    await ground.bench.restarted(killed, before)
    return hit(`${what} in flight, ${end}${intents}`)
  },
}))

/** The receiver is killed while it works on a request, or after it has answered. */
const RECEIVER_MOMENTS: readonly (Omit<Moment, 'at'> & { readonly most: number })[] = [
  { ...moment('kill-clickhouse', 12, 'clickhouse', 'curate-clickhouse', isInsert, 'request'), most: 8 },
  { ...moment('kill-kafka', 8, 'kafka', 'gateway-kafka', produce, 'request'), most: 4 },
  { ...moment('kill-kafka-pseudonymised', 5, 'kafka', 'deidentify-kafka', produce, 'request'), most: 4 },
  { ...moment('kill-redis', 7, 'redis', 'curate-redis', script, 'request'), most: 3 },
]

const receiverKills: readonly FaultKind[] = RECEIVER_MOMENTS.map(
  ({ kind, weight, killed, link: on, matches, most }) => ({
    name: kind,
    weight,
    async run(ground: Ground) {
      const answered = ground.random.chance(0.3)
      const caught = await link(ground, on).trap(matches, answered ? 'answer' : 'request', MOMENT_MS)
      if (!caught) return missed(`no request on ${on}`)
      await whole(caught)
      if (answered) {
        const before = ground.bench.kill(killed, 'SIGKILL')
        caught.discard()
        await ground.bench.restarted(killed, before)
        return hit(`${on} ${tableOr(caught.label)} was answered, the answer lost`)
      }
      caught.deliver()
      const after = ground.random.int(0, most * 10) / 10
      if (after > 0) await sleep(after)
      const inFlight = link(ground, on).inFlight(matches)
      const before = ground.bench.kill(killed, 'SIGKILL')
      await ground.bench.restarted(killed, before)
      return hit(`killed ${after} ms after ${tableOr(caught.label)} was delivered, ${inFlight} without an answer`)
    },
  }),
)

const tableOr = (label: string) => (isInsert(label) ? `an insert into ${tableIn(label)}` : label)

const plainKills: readonly FaultKind[] = [
  {
    name: 'kill-registry',
    weight: 2,
    async run({ bench }) {
      await killAndWait(bench, 'registry')
      return hit('it was started again')
    },
  },
  {
    name: 'kill-console',
    weight: 1,
    async run({ bench }) {
      await killAndWait(bench, 'console')
      return hit('it was started again')
    },
  },
  {
    name: 'kill-pair',
    weight: 14,
    async run(ground) {
      const { bench, random } = ground
      const names = PROCESS_NAMES.filter((name) => name !== 'console' && name !== 'registry')
      const first = random.pick(names as [ProcessName, ...ProcessName[]])
      const second = random.pick(names.filter((name) => name !== first) as [ProcessName, ...ProcessName[]])
      const caught = await link(ground, 'curate-clickhouse').trap(isInsert, 'request', MOMENT_MS)
      caught?.deliver()
      const pids = [bench.kill(first, 'SIGKILL')]
      await sleep(random.int(0, 40))
      pids.push(bench.kill(second, 'SIGKILL'))
      await bench.restarted(first, pids[0] ?? 0)
      await bench.restarted(second, pids[1] ?? 0)
      const what = `${first} and ${second}`
      return caught ? hit(`${what}, an insert into ${tableIn(caught.label)} in flight`) : missed(what)
    },
  },
  {
    name: 'kill-supervisor',
    weight: 2,
    async run({ bench }) {
      await bench.supervisor.killAndStart()
      return hit('every process ended, and was started again')
    },
  },
  {
    name: 'stop-supervisor',
    weight: 2,
    async run({ bench, random }) {
      bench.supervisor.signal('SIGSTOP')
      const name = random.pick<ProcessName>(['curate', 'deidentify', 'gateway', 'clickhouse'])
      const before = bench.kill(name, 'SIGKILL')
      await sleep(random.int(1000, 3000))
      bench.supervisor.signal('SIGCONT')
      const restarted = await bench.restarted(name, before)
      return restarted ? hit(`${name} was not started again until the supervisor was`) : missed(`${name} did not start`)
    },
  },
]

export const KILLS: readonly FaultKind[] = [...clientKills, ...receiverKills, ...plainKills]
