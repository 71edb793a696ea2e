/** What work on the index costs: processor time of this process and of Redis, pauses of the garbage collection, waiting for Redis. */
import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import type { Redis } from 'ioredis'
import type { LinkIndex } from '../index/link-index.ts'

export interface Costs {
  readonly seconds: number
  /** Of all threads of this process. */
  readonly linkerCpuMs: number
  readonly redisCpuMs: number
  /** While the linker's thread stood still for the garbage collection. */
  readonly pausesMs: readonly number[]
  /** Writes, and how long they took in all. */
  readonly writes: number
  readonly writeMs: number
  /** Records that were asked of Redis because they were not open, in how many calls, and how long these took in all. */
  readonly asked: number
  readonly asks: number
  readonly askMs: number
}

export interface Meter {
  /** @returns an index whose calls of Redis are counted */
  readonly watch: (index: LinkIndex) => LinkIndex
  /** @returns a function that tells what was used since */
  begin(): Promise<() => Promise<Costs>>
  close(): void
}

export function meter(redis: Redis): Meter {
  let pauses: number[] = []
  const keep = (entries: readonly PerformanceEntry[]) => void pauses.push(...entries.map(({ duration }) => duration))
  const observer = new PerformanceObserver((list) => keep(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const waits = { writes: 0, writeMs: 0, asked: 0, asks: 0, askMs: 0 }
  return {
    watch: (index) => ({
      ...index,
      async records(numbers) {
        const begun = performance.now()
        const found = await index.records(numbers)
        waits.asked += numbers.length
        waits.asks++
        waits.askMs += performance.now() - begun
        return found
      },
      async commit() {
        const begun = performance.now()
        await index.commit()
        waits.writes++
        waits.writeMs += performance.now() - begun
      },
    }),
    async begin() {
      const server = await serverSeconds(redis)
      keep(observer.takeRecords())
      pauses = []
      const before = { ...waits }
      const started = performance.now()
      const cpu = process.cpuUsage()
      return async () => {
        const { user, system } = process.cpuUsage(cpu)
        const seconds = (performance.now() - started) / 1000
        keep(observer.takeRecords())
        return {
          seconds,
          linkerCpuMs: (user + system) / 1000,
          redisCpuMs: 1000 * ((await serverSeconds(redis)) - server),
          pausesMs: pauses,
          writes: waits.writes - before.writes,
          writeMs: waits.writeMs - before.writeMs,
          asked: waits.asked - before.asked,
          asks: waits.asks - before.asks,
          askMs: waits.askMs - before.askMs,
        }
      }
    },
    close: () => observer.disconnect(),
  }
}

/** @returns processor seconds of Redis */
export async function serverSeconds(redis: Redis): Promise<number> {
  const text = await redis.info('cpu')
  return [...text.matchAll(/^used_cpu_(?:user|sys):([0-9.]+)/gm)].reduce((sum, [, seconds]) => sum + Number(seconds), 0)
}

/** @returns bytes that Redis uses */
export async function serverBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1] ?? 0)
}
