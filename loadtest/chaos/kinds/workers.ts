/** Workers and gateways that are added and removed under load, and the registry that is away when one starts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../bench.ts'
import { type FaultKind, type Ground, hit, link, MOMENT_MS, missed, whole } from '../fault.ts'
import type { Group } from '../log-admin.ts'
import { KAFKA_PRODUCE } from '../proxy/framing.ts'

const MEMBERS_WITHIN_MS = 40_000

/** One to three more workers of a group; they leave in any order, some by SIGKILL. */
function scaled(name: Group): FaultKind {
  return {
    name: `scale-${name}`,
    weight: name === 'curate' ? 4 : 3,
    async run({ bench, admin, random }) {
      const count = random.int(1, 3)
      const others = await Promise.all(Array.from({ length: count }, () => bench.extra(name)))
      const before = (await admin.members(name)).length
      const grown = await until(async () => (await admin.members(name)).length >= count + 1, MEMBERS_WITHIN_MS)
      await sleep(random.int(500, 1500))
      let killed = 0
      for (const other of others) {
        if (random.chance(0.25)) {
          process.kill(other.pid, 'SIGKILL')
          killed++
        } else await other.stop()
        await sleep(random.int(0, 300))
      }
      await until(async () => (await admin.members(name)).length === 1, MEMBERS_WITHIN_MS)
      const evidence = `${name}: ${before} to ${count + 1} workers and back, ${killed} killed`
      return grown ? hit(evidence) : missed(evidence)
    },
  }
}

const GATEWAYS: FaultKind = {
  name: 'two-gateways',
  weight: 4,
  async run(ground) {
    const { bench, gateways, random } = ground
    const second = await bench.extra('gateway')
    gateways.push(second.url)
    try {
      await sleep(700)
      const on = random.chance(0.5) ? 'spare-kafka' : 'gateway-kafka'
      const caught = await link(ground, on).trap(
        (label) => label === KAFKA_PRODUCE,
        random.chance(0.5) ? 'answer' : 'request',
        MOMENT_MS,
      )
      if (!caught) return missed(`no request on ${on}`)
      await whole(caught)
      const before = on === 'spare-kafka' ? second.pid : bench.kill('gateway', 'SIGKILL')
      if (on === 'spare-kafka') process.kill(second.pid, 'SIGKILL')
      await Promise.race([caught.deliverAlone(), sleep(2000)])
      await sleep(500)
      if (on !== 'spare-kafka') await bench.restarted('gateway', before)
      return hit(
        `${on === 'spare-kafka' ? 'the second' : 'the first'} of two gateways was killed with messages on their way`,
      )
    } finally {
      gateways.splice(1)
      await second.stop()
    }
  },
}

const REGISTRY_AT_START: FaultKind = {
  name: 'registry-away-at-start',
  weight: 4,
  async run(ground) {
    const { bench, random } = ground
    const name = random.pick<'curate' | 'deidentify' | 'gateway'>(['curate', 'deidentify', 'gateway'])
    const proxy = link(ground, `${name}-registry`)
    proxy.resetCounts()
    proxy.mode = random.pick(['refuse', 'unavailable', 'stall'])
    const { mode } = proxy
    const before = bench.kill(name, 'SIGKILL')
    const tried = () => proxy.counts.refused + proxy.counts.requests
    const asked = await until(() => tried() > 0, 30_000)
    await sleep(random.int(500, 3000))
    const evidence = `${name} started while its registry was in mode ${mode}, ${tried()} requests`
    proxy.mode = 'pass'
    if (mode === 'stall') proxy.cutAll()
    await bench.restarted(name, before)
    return asked ? hit(evidence) : missed(evidence)
  },
}

const REGISTRY_STOPPED_AT_START: FaultKind = {
  name: 'stop-registry',
  weight: 2,
  async run(ground: Ground) {
    const { bench, random } = ground
    const name = random.pick<'curate' | 'deidentify' | 'gateway'>(['curate', 'deidentify', 'gateway'])
    const proxy = link(ground, `${name}-registry`)
    bench.kill('registry', 'SIGSTOP')
    const before = bench.kill(name, 'SIGKILL')
    const asked = await until(() => proxy.inFlight() > 0, 20_000)
    const ms = random.int(5000, 9000)
    await sleep(ms)
    bench.kill('registry', 'SIGCONT')
    await bench.restarted(name, before)
    const evidence = `${name} started while the registry stood still for ${ms} ms`
    return asked ? hit(evidence) : missed(evidence)
  },
}

const REGISTRY_KILLED_AT_START: FaultKind = {
  name: 'kill-registry-and-worker',
  weight: 3,
  async run({ bench, random }: Ground) {
    const name = random.pick<'curate' | 'deidentify' | 'gateway'>(['curate', 'deidentify', 'gateway'])
    const registry = bench.kill('registry', 'SIGKILL')
    const before = bench.kill(name, 'SIGKILL')
    await until(() => bench.pid(name) !== undefined && bench.pid(name) !== before, 20_000)
    const away = bench.state('registry')?.state !== 'running'
    await bench.restarted('registry', registry)
    await bench.restarted(name, before)
    const evidence = `${name} started while the registry was ${away ? 'not ready' : 'ready'}`
    return away ? hit(evidence) : missed(evidence)
  },
}

export const WORKERS: readonly FaultKind[] = [
  scaled('curate'),
  scaled('deidentify'),
  GATEWAYS,
  REGISTRY_AT_START,
  REGISTRY_KILLED_AT_START,
  REGISTRY_STOPPED_AT_START,
]
