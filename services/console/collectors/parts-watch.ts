/** Gathers the evidence about each part: state file, probes, scrapes, /proc. */
import { describeFailure } from '#core/faults/describe-failure.ts'
import { PART_NAMES, type PartName, type PartView, type ServiceName } from '../snapshot.ts'
import { every } from './loop.ts'
import {
  type Answer,
  memoryOf,
  type PartEvidence,
  partViews,
  processExists,
  readStateFile,
  type StateRow,
} from './parts.ts'
import type { Probe, ProbedPart } from './probes.ts'

export interface PartsWatch {
  /** A service was scraped (or could not be). */
  answered(name: ServiceName, ok: boolean, problem: string): void
  /** @throws when there is a supervisor whose state file cannot be read */
  views(now: number): Promise<readonly PartView[]>
  close(): Promise<void>
}

export interface PartsWatchParts {
  /** Empty where there is no supervisor. */
  readonly stateFile: string
  readonly urls: Readonly<Record<PartName, string>>
  readonly probes: Readonly<Record<ProbedPart, Probe>>
}

const PROBE_MS = 2_000

export function watchParts({ stateFile, urls, probes }: PartsWatchParts): PartsWatch {
  const answers = new Map<PartName, Answer>()
  const record = (name: PartName, ok: boolean, problem: string) => {
    const before = answers.get(name)
    const since = before && before.ok === ok ? before.since : Date.now()
    answers.set(name, { ok, since, problem })
  }
  record('console', true, '')
  const loops = Object.entries(probes).map(([name, probe]) =>
    every(PROBE_MS, async () => {
      try {
        await probe.ask()
        record(name as ProbedPart, true, '')
      } catch (error) {
        record(name as ProbedPart, false, describeFailure(error))
      }
    }),
  )
  const evidenceOf = async (name: PartName, rows: readonly StateRow[]): Promise<PartEvidence> => {
    const row = rows.find((candidate) => candidate.name === name)
    const pid = row?.pid ?? (name === 'console' ? process.pid : null)
    return {
      row,
      answer: answers.get(name),
      alive: processExists(row?.pid ?? null),
      memoryBytes: await memoryOf(pid),
      url: urls[name],
    }
  }
  return {
    answered: record,
    async views(now) {
      const rows = stateFile ? await readStateFile(stateFile) : []
      const found = await Promise.all(PART_NAMES.map(async (name) => [name, await evidenceOf(name, rows)] as const))
      return partViews(Object.fromEntries(found) as Record<PartName, PartEvidence>, stateFile !== '', now)
    },
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await Promise.all(Object.values(probes).map((probe) => probe.close()))
    },
  }
}
