/** Faults of the connections between two components: lost answers, late requests, slow, stalled, refused and reset connections. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type FaultKind, type Ground, hit, isInsert, link, MOMENT_MS, missed, tableIn, whole } from '../fault.ts'
import type { LinkName } from '../links.ts'
import { KAFKA_COMMIT, KAFKA_PRODUCE } from '../proxy/framing.ts'

interface Exchange {
  readonly name: string
  readonly link: LinkName
  readonly matches: (label: string) => boolean
}

const EXCHANGES: readonly Exchange[] = [
  { name: 'clickhouse-insert', link: 'curate-clickhouse', matches: isInsert },
  { name: 'gateway-produce', link: 'gateway-kafka', matches: (label) => label === KAFKA_PRODUCE },
  { name: 'deidentify-produce', link: 'deidentify-kafka', matches: (label) => label === KAFKA_PRODUCE },
  { name: 'curate-commit', link: 'curate-kafka', matches: (label) => label === KAFKA_COMMIT },
  { name: 'link-script', link: 'curate-redis', matches: (label) => label.startsWith('eval') },
  { name: 'idempotency', link: 'gateway-redis', matches: (label) => label.startsWith('eval') },
  { name: 'receipt', link: 'sender-gateway', matches: (label) => label.startsWith('POST') },
]

const WEIGHTS: Readonly<Record<string, number>> = { 'clickhouse-insert': 9 }

/** The receiver has done the work and answered; the connection is closed before the client has the answer. */
const dropped: readonly FaultKind[] = EXCHANGES.map(({ name, link: on, matches }) => ({
  name: `answer-lost-${name}`,
  weight: WEIGHTS[name] ?? 3,
  async run(ground: Ground) {
    const caught = await link(ground, on).trap(matches, 'answer', MOMENT_MS)
    if (!caught) return missed(`no request on ${on}`)
    caught.discard()
    return hit(`${described(caught.label)} was answered, and the connection closed before the answer`)
  },
}))

/** The client's connection is closed; the request reaches the receiver later, while the client tries again. */
const late: readonly FaultKind[] = EXCHANGES.map(({ name, link: on, matches }) => ({
  name: `late-${name}`,
  weight: WEIGHTS[name] ?? 3,
  async run(ground: Ground) {
    const caught = await link(ground, on).trap(matches, 'request', MOMENT_MS)
    if (!caught) return missed(`no request on ${on}`)
    await whole(caught)
    caught.cutClient()
    const after = ground.random.int(20, 2500)
    await sleep(after)
    const answered = await Promise.race([caught.deliverAlone(), sleep(4000).then(() => false)])
    return answered
      ? hit(`${described(caught.label)} reached its receiver ${after} ms after its client had lost the connection`)
      : missed(`${described(caught.label)} was not answered`)
  },
}))

function described(label: string): string {
  return isInsert(label) ? `an insert into ${tableIn(label)}` : label.slice(0, 40)
}

const CLICKHOUSE: readonly FaultKind[] = [
  {
    name: 'clickhouse-refuses',
    weight: 6,
    run: (ground) => blocked(ground, 'curate-clickhouse', 'refuse', ground.random.int(700, 4000)),
  },
  {
    name: 'clickhouse-503',
    weight: 6,
    run: (ground) => blocked(ground, 'curate-clickhouse', 'unavailable', ground.random.int(700, 4000)),
  },
  {
    name: 'clickhouse-hangs',
    weight: 6,
    async run(ground) {
      const proxy = link(ground, 'curate-clickhouse')
      const caught = await proxy.trap(isInsert, 'request', MOMENT_MS)
      if (!caught) return missed('no insert')
      const held = ground.random.int(3000, 8000)
      await sleep(held)
      const open = proxy.inFlight(isInsert)
      caught.discard()
      return hit(`an insert into ${tableIn(caught.label)} was not answered for ${held} ms, ${open} open at the end`)
    },
  },
  {
    name: 'clickhouse-answers-late',
    weight: 4,
    async run(ground) {
      const proxy = link(ground, 'curate-clickhouse')
      const caught = await proxy.trap(isInsert, 'answer', MOMENT_MS)
      if (!caught) return missed('no insert')
      // One in eight is later than curate waits, which is 30 s.
      const held = ground.random.chance(0.12) ? 34_000 : ground.random.int(4000, 7000)
      const gaveUp = await Promise.race([caught.gone.then(() => true), sleep(held, false)])
      caught.deliver()
      return hit(
        `an insert into ${tableIn(caught.label)} was answered ${gaveUp ? 'after its client had given up' : `${held} ms late`}`,
      )
    },
  },
]

async function blocked(ground: Ground, on: LinkName, mode: 'refuse' | 'unavailable', ms: number) {
  const proxy = link(ground, on)
  proxy.resetCounts()
  proxy.mode = mode
  await sleep(ms)
  const { refused, cut } = proxy.counts
  proxy.mode = 'pass'
  const evidence = `${refused} requests refused in ${ms} ms, ${cut} connections closed`
  return refused > 0 ? hit(evidence) : missed(evidence)
}

/** A link on which something happens within seconds. */
const BUSY: readonly [LinkName, ...LinkName[]] = [
  'sender-gateway',
  'gateway-kafka',
  'gateway-redis',
  'deidentify-kafka',
  'curate-kafka',
  'curate-redis',
  'curate-clickhouse',
  'console-kafka',
  'console-clickhouse',
]

const CONNECTIONS: readonly FaultKind[] = [
  {
    name: 'slow-connection',
    weight: 12,
    async run(ground) {
      const on = ground.random.pick(BUSY)
      const proxy = link(ground, on)
      proxy.resetCounts()
      const pace = { latencyMs: ground.random.int(100, 900), bytesPerSecond: ground.random.pick([0, 20_000, 100_000]) }
      proxy.pace = pace
      await sleep(ground.random.int(2000, 4000))
      const evidence = `${on}: ${proxy.counts.requests} requests, each ${pace.latencyMs} ms late, ${pace.bytesPerSecond || 'unlimited'} bytes/s`
      return proxy.counts.requests > 0 ? hit(evidence) : missed(evidence)
    },
  },
  {
    name: 'half-open-connection',
    weight: 12,
    async run(ground) {
      const on = ground.random.pick(BUSY)
      const proxy = link(ground, on)
      proxy.resetCounts()
      proxy.mode = 'stall'
      const ms = ground.random.int(3000, 6000)
      await sleep(ms)
      const open = proxy.inFlight()
      // One in two ends as a network does that forgot the connection.
      const forgotten = ground.random.chance(0.5)
      if (forgotten) proxy.cutAll()
      proxy.mode = 'pass'
      const evidence = `${on}: nothing passed for ${ms} ms, ${open} requests open${forgotten ? ', then reset' : ''}`
      return open > 0 ? hit(evidence) : missed(evidence)
    },
  },
  {
    name: 'connections-reset',
    weight: 8,
    async run(ground) {
      const on = ground.random.pick(BUSY)
      const proxy = link(ground, on)
      proxy.resetCounts()
      let open = 0
      let cut = 0
      for (let i = 0; i < 6; i++) {
        await sleep(ground.random.int(50, 300))
        open += proxy.inFlight()
        cut += proxy.cutAll()
      }
      const evidence = `${on}: ${cut} connections reset, ${open} requests open`
      return cut > 0 ? hit(evidence) : missed(evidence)
    },
  },
  {
    name: 'kafka-refuses',
    weight: 4,
    run: (ground) =>
      blocked(
        ground,
        ground.random.pick(['gateway-kafka', 'deidentify-kafka', 'curate-kafka']),
        'refuse',
        ground.random.int(1000, 4000),
      ),
  },
  {
    name: 'redis-refuses',
    weight: 4,
    run: (ground) =>
      blocked(ground, ground.random.pick(['gateway-redis', 'curate-redis']), 'refuse', ground.random.int(1000, 4000)),
  },
]

export const NETWORK: readonly FaultKind[] = [...dropped, ...late, ...CLICKHOUSE, ...CONNECTIONS]
