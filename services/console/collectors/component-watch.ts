/** Collects the state of each component: from the state file, the probes, the scrapes and /proc. */
import { readFile } from 'node:fs/promises'
import { describeFailure } from '#core/faults/describe-failure.ts'
import { isAlive } from '#core/process/identity.ts'
import { every } from '#core/process/loop.ts'
import { parseStateFile, type StateRow } from '#core/process/state-file.ts'
import { usageOf } from '#core/process/usage.ts'
import { COMPONENT_NAMES, type ComponentName, type ComponentView, type ServiceName } from '../snapshot.ts'
import { type Answer, type ComponentReading, componentViews } from './components.ts'
import type { Probe, ProbedComponent } from './probes.ts'

export interface ComponentWatch {
  /** Called after each attempt to scrape a service. */
  answered(name: ServiceName, ok: boolean, problem: string): void
  /** @throws when there is a supervisor whose state file cannot be read */
  views(now: number): Promise<readonly ComponentView[]>
  close(): Promise<void>
}

export interface ComponentWatchOptions {
  /** Empty where there is no supervisor. */
  readonly stateFile: string
  readonly urls: Readonly<Record<ComponentName, string>>
  readonly probes: Readonly<Record<ProbedComponent, Probe>>
}

const PROBE_MS = 2_000

export function watchComponents({ stateFile, urls, probes }: ComponentWatchOptions): ComponentWatch {
  const answers = new Map<ComponentName, Answer>()
  const record = (name: ComponentName, ok: boolean, problem: string) => {
    const before = answers.get(name)
    const since = before && before.ok === ok ? before.since : Date.now()
    answers.set(name, { ok, since, problem })
  }
  record('console', true, '')
  const loops = Object.entries(probes).map(([name, probe]) =>
    every(PROBE_MS, async () => {
      try {
        await probe.check()
        record(name as ProbedComponent, true, '')
      } catch (error) {
        record(name as ProbedComponent, false, describeFailure(error))
      }
    }),
  )
  const readingOf = (name: ComponentName, rows: readonly StateRow[]): ComponentReading => {
    const row = rows.find((candidate) => candidate.name === name)
    const pid = row?.pid ?? (name === 'console' ? process.pid : null)
    return {
      row,
      answer: answers.get(name),
      // A row without a pid names no process that could have ended.
      alive: !row || row.pid === null || isAlive(row.pid, row.identity),
      memoryBytes: pid === null ? null : (usageOf(pid)?.rss ?? null),
      url: urls[name],
    }
  }
  return {
    answered: record,
    async views(now) {
      const rows = stateFile ? parseStateFile(await readFile(stateFile, 'utf8')) : []
      const found = COMPONENT_NAMES.map((name) => [name, readingOf(name, rows)] as const)
      return componentViews(Object.fromEntries(found) as Record<ComponentName, ComponentReading>, stateFile !== '', now)
    },
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await Promise.all(Object.values(probes).map((probe) => probe.close()))
    },
  }
}
