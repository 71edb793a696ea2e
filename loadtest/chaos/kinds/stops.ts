/**
 * SIGSTOP and SIGCONT: a process that stands still keeps its connections, its partitions and what it was about to do. A zombie is one that
 * wakes after its partitions have moved.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessName } from '#core/process/state-file.ts'
import { until } from '../bench.ts'
import { type FaultKind, type Ground, hit, isInsert, link, MOMENT_MS, missed, tableIn, whole } from '../fault.ts'
import type { LinkName } from '../links.ts'
import type { Group } from '../log-admin.ts'
import { KAFKA_PRODUCE } from '../proxy/framing.ts'

/** The issue asks for 5 to 90 s; most stops are short, so that many fit into a run. */
function stopMs({ random }: Ground): number {
  const dice = random.next()
  if (dice < 0.8) return random.int(5000, 7000)
  return dice < 0.97 ? random.int(8000, 25_000) : random.int(40_000, 90_000)
}

const SILENT_MS = 1000

/** The link on which a stopped process leaves requests without an answer, or has its own on their way. */
const STOPPED: readonly { readonly name: ProcessName; readonly link: LinkName; readonly weight: number }[] = [
  { name: 'curate', link: 'curate-clickhouse', weight: 4 },
  { name: 'deidentify', link: 'deidentify-kafka', weight: 4 },
  { name: 'gateway', link: 'sender-gateway', weight: 4 },
  { name: 'kafka', link: 'gateway-kafka', weight: 4 },
  { name: 'clickhouse', link: 'curate-clickhouse', weight: 4 },
  { name: 'redis', link: 'curate-redis', weight: 3 },
  { name: 'console', link: 'console-kafka', weight: 1 },
]

const stops: readonly FaultKind[] = STOPPED.map(({ name, link: on, weight }) => ({
  name: `stop-${name}`,
  weight,
  async run(ground: Ground) {
    const { bench } = ground
    const proxy = link(ground, on)
    const worker = name === 'curate' || name === 'deidentify'
    const caught = worker
      ? await proxy.trap(name === 'curate' ? isInsert : isProduce, 'request', MOMENT_MS)
      : await proxy.trap(() => true, 'request', MOMENT_MS)
    if (!caught) return missed(`no request on ${on}`)
    const pid = bench.kill(name, 'SIGSTOP')
    caught.deliver()
    const ms = stopMs(ground)
    await sleep(ms)
    // Nobody waits for an answer of the console, except one who asks now.
    const open = name === 'console' ? Number(await isSilent(bench.adminUrl(name))) : proxy.inFlight()
    // A stopped process may have been killed meanwhile, for instance by the supervisor.
    const still = bench.pid(name) === pid
    if (still) bench.kill(name, 'SIGCONT')
    const evidence = `${on} ${isInsert(caught.label) ? `insert into ${tableIn(caught.label)}` : caught.label.slice(0, 40)} on its way, ${open} without an answer after ${ms} ms`
    return still && (open > 0 || worker) ? hit(evidence) : missed(evidence)
  },
}))

/** @returns whether the process takes a connection and does not answer: then it is there, and stands still */
async function isSilent(url: string): Promise<boolean> {
  return await fetch(`${url}/health`, { signal: AbortSignal.timeout(SILENT_MS) }).then(
    () => false,
    (error: unknown) => error instanceof Error && error.name === 'TimeoutError',
  )
}

/** Two processes stand still at once. */
const STOPPED_PAIR: FaultKind = {
  name: 'stop-pair',
  weight: 4,
  async run(ground: Ground) {
    const { bench, random } = ground
    const [first, second] = random.pick<readonly [ProcessName, ProcessName]>([
      ['curate', 'deidentify'],
      ['curate', 'clickhouse'],
      ['gateway', 'deidentify'],
      ['kafka', 'clickhouse'],
      ['redis', 'deidentify'],
    ])
    const proxy = link(ground, 'curate-clickhouse')
    const caught = await proxy.trap(isInsert, 'request', MOMENT_MS)
    if (!caught) return missed('no insert')
    const pids = [first, second].map((name) => bench.kill(name, 'SIGSTOP'))
    caught.deliver()
    const ms = stopMs(ground)
    await sleep(ms)
    const still = bench.pid(first) === pids[0] && bench.pid(second) === pids[1]
    for (const name of [first, second]) if (bench.pid(name) !== undefined) bench.kill(name, 'SIGCONT')
    const evidence = `${first} and ${second} for ${ms} ms, an insert into ${tableIn(caught.label)} on its way`
    return still ? hit(evidence) : missed(evidence)
  },
}

const isProduce = (label: string) => label === KAFKA_PRODUCE

interface Zombie {
  readonly name: Group
  readonly link: LinkName
  readonly matches: (label: string) => boolean
}

const ZOMBIES: readonly Zombie[] = [
  { name: 'curate', link: 'curate-clickhouse', matches: isInsert },
  { name: 'deidentify', link: 'deidentify-kafka', matches: isProduce },
]
const MOVED_WITHIN_MS = 60_000

/** Two workers; one is stopped with a write on its way, loses its partitions, and then its write arrives and it wakes. */
const zombies: readonly FaultKind[] = ZOMBIES.map(({ name, link: on, matches }) => ({
  name: `zombie-${name}`,
  weight: name === 'curate' ? 5 : 3,
  async run(ground: Ground) {
    const { bench, admin, random } = ground
    const other = await bench.extra(name)
    try {
      if (!(await until(async () => (await admin.members(name)).length === 2, 30_000)))
        return missed('no second worker')
      const caught = await link(ground, on).trap(matches, 'request', MOMENT_MS * 3)
      if (!caught) return missed(`no request on ${on}`)
      await whole(caught)
      bench.kill(name, 'SIGSTOP')
      const moved = await until(async () => (await admin.members(name)).length === 1, MOVED_WITHIN_MS)
      await sleep(random.int(300, 1500))
      const wake = () => bench.kill(name, 'SIGCONT')
      const late = caught.deliverAlone()
      if (random.chance(0.5)) wake()
      const answered = await Promise.race([late, sleep(5000).then(() => false)])
      if (bench.state(name)?.pid) wake()
      const what = isInsert(caught.label) ? `an insert into ${tableIn(caught.label)}` : 'messages'
      const evidence = `${what} of the stopped ${name} arrived after its partitions ${moved ? 'had moved' : 'had NOT moved'}`
      await sleep(500)
      return moved && answered ? hit(evidence) : missed(evidence)
    } finally {
      await other.stop()
    }
  },
}))

export const STOPS: readonly FaultKind[] = [...stops, STOPPED_PAIR, ...zombies]
