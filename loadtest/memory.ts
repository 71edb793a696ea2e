/** Samples the memory of every process once a second, and reports for each the peak, and the means of two quarters of the run. */
import { type Usage, usageOf } from '#core/process/usage.ts'

export interface MemoryReport {
  readonly name: string
  readonly peak_mb: number
  /** Mean over the second quarter of the run, and over the last: when they are equal, the memory does not grow. */
  readonly second_quarter_mb: number
  readonly last_quarter_mb: number
  readonly cpu_seconds: number
}

const MB = 1024 * 1024

export function watchMemory(pids: ReadonlyMap<string, number>): () => readonly MemoryReport[] {
  const samples = new Map<string, number[]>()
  const first = new Map<string, Usage>()
  const last = new Map<string, Usage>()
  const sample = () => {
    for (const [name, pid] of pids) {
      const usage = usageOf(pid)
      if (!usage) continue
      samples.set(name, [...(samples.get(name) ?? []), usage.rss])
      if (!first.has(name)) first.set(name, usage)
      last.set(name, usage)
    }
  }
  sample()
  const timer = setInterval(sample, 1000)
  return () => {
    clearInterval(timer)
    sample()
    return [...samples].map(([name, rss]) => ({
      name,
      peak_mb: Math.round(Math.max(...rss) / MB),
      second_quarter_mb: mean(rss.slice(Math.floor(rss.length / 4), Math.ceil(rss.length / 2))),
      last_quarter_mb: mean(rss.slice(Math.floor((rss.length * 3) / 4))),
      cpu_seconds: Number(((last.get(name)?.cpu ?? 0) - (first.get(name)?.cpu ?? 0)).toFixed(1)),
    }))
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length / MB)
}
