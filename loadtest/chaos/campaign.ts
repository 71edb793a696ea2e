/** One stack and its faults in a row: load, fault, recovery, silence, check. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureKey } from '#core/keys/admin.ts'
import { type AlarmWatch, watchAlarms } from './alarms.ts'
import { type Bench, startBench, until } from './bench.ts'
import { type Checker, openChecker } from './check/check.ts'
import type { CheckFinding } from './check/findings.ts'
import { type Pseudonyms, pseudonyms } from './check/pseudonyms.ts'
import { readTables, type Tables } from './check/tables.ts'
import { type Confirmation, type FaultKind, missed } from './fault.ts'
import { administrator } from './kafka-access.ts'
import { type Journal, openJournal } from './load/journal.ts'
import { FEEDS, type MadeRecord } from './load/records.ts'
import { type Load, openLoad } from './load/sender.ts'
import { type LogAdmin, logAdmin } from './log-admin.ts'
import { seeded } from './random.ts'

export interface RunResult {
  readonly seed: string
  readonly index: number
  readonly kind: string
  readonly confirmed: boolean
  readonly evidence: string
  /** Milliseconds from the end of the fault until records sent after it are queryable; null when they were not in time. */
  readonly recoveryMs: number | null
  readonly durationMs: number
  /** Records accepted so far. */
  readonly accepted: number
  /** Identified messages since the run before, and pseudonymised messages that were written again. */
  readonly origins: number
  readonly rewritten: number
  readonly alarmsRaised: readonly string[]
  readonly alarmsLeft: readonly string[]
  readonly findings: readonly CheckFinding[]
  /** What the harness could not do; the run does not count. */
  readonly problem: string | null
}

export interface Campaign {
  readonly bench: Bench
  readonly checker: Checker
  run(kind: FaultKind, index: number): Promise<RunResult>
  /** A new checker over everything from the start of the log. */
  fullCheck(): Promise<readonly CheckFinding[]>
  /** Load without a fault, then silence. @returns whether everything was loaded in time */
  warmUp(): Promise<boolean>
  stop(): Promise<void>
}

export const PRODUCERS = ['hospital-a', 'hospital-b'] as const
const DATABASE = 'chainon'
const FAULT_WITHIN_MS = 180_000
/** A batch that cannot be formed again (a changed contract, lost offsets) is waited for until its intent's deadline, 120 s, and no longer. */
const RECOVER_WITHIN_MS = 180_000
const DRAIN_WITHIN_MS = 180_000
/** The console's witness looks again after 15 s, and ClickHouse may have been away. */
const ALARMS_CLEAR_WITHIN_MS = 40_000
/** Patients of a probe: enough for both partitions. */
const PROBES = 4

/**
 * @param folder empty folder for the stack, its logs and the journal
 * @param env usually `process.env`
 * @param ownDisks for the faults of a full disk
 */
export async function startCampaign(
  folder: string,
  seed: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  ownDisks = false,
): Promise<Campaign> {
  const bench = await startBench(folder, env, say, ownDisks)
  const { direct, data } = bench
  const journal = openJournal(join(folder, 'journal.ndjson'))
  const gateways = [bench.links.gatewayUrl]
  const keys = new Map(PRODUCERS.map((producer) => [producer, ensureKey(data, producer).key]))
  const load = openLoad({ keys, gateways: () => gateways, journal, seed })
  const sources = { ...direct, database: DATABASE, data, feedsFolder: bench.feeds, feeds: FEEDS, journal }
  let recreated = false
  const added: [feed: string, rule: string][] = []
  const checker = openChecker(sources)
  const parts: Parts = {
    bench,
    load,
    journal,
    gateways,
    admin: logAdmin(administrator(direct.kafka, data), FEEDS),
    tables: readTables(direct.clickhouse, DATABASE, data),
    names: pseudonyms(data),
    alarms: watchAlarms(bench),
    checker: {
      ...checker,
      recreated(...which) {
        recreated = true
        checker.recreated(...which)
      },
      ruleAdded(...which) {
        added.push(which)
        checker.ruleAdded(...which)
      },
    },
  }
  return {
    bench,
    checker: parts.checker,
    run: (kind, index) => runOne(parts, seed, kind, index),
    async fullCheck() {
      // The log of a topic that was created again is gone: what this checker has read of it is compared again.
      if (recreated) return (await checker.check(true)).findings
      const full = openChecker(sources)
      for (const which of added) full.ruleAdded(...which)
      try {
        return (await full.check()).findings
      } finally {
        await full.close()
      }
    },
    async warmUp() {
      load.start()
      await sleep(1500)
      await load.settle()
      return await parts.admin.drained(DRAIN_WITHIN_MS)
    },
    async stop() {
      parts.alarms.stop()
      await load.settle()
      await checker.close()
      await parts.tables.close()
      await bench.stop()
      await journal.close()
    },
  }
}

interface Parts {
  readonly bench: Bench
  readonly load: Load
  readonly journal: Journal
  readonly gateways: string[]
  readonly admin: LogAdmin
  readonly tables: Tables
  readonly names: Pseudonyms
  readonly alarms: AlarmWatch
  readonly checker: Checker
}

async function runOne(parts: Parts, seed: string, kind: FaultKind, index: number): Promise<RunResult> {
  const { bench, load, alarms, checker, journal, admin, gateways } = parts
  const started = performance.now()
  alarms.raised()
  load.start()
  let problem: string | null = null
  const random = seeded(`${seed}:${index}`)
  const ground = { bench, load, admin, checker, random, gateways }
  const confirmation = await Promise.race([
    kind.run(ground),
    sleep(FAULT_WITHIN_MS, missed('the fault did not end in time'), { ref: false }),
  ]).catch((error: unknown): Confirmation => missed(`the fault failed: ${messageOf(error)}`))
  bench.links.heal()
  const ended = performance.now()
  const recovered = await recovery(parts, ended)
  if (!(await bench.allRunning())) problem = 'not every process runs again'
  await load.settle()
  const drained = await admin.drained(DRAIN_WITHIN_MS).catch(() => false)
  if (recovered === null || !drained) problem ??= recovered === null ? 'no recovery in time' : 'records stay in flight'
  let findings: readonly CheckFinding[] = []
  let origins = 0
  let rewritten = 0
  try {
    ;({ findings, origins, rewritten } = await checker.check())
  } catch (error) {
    problem ??= `the check failed: ${messageOf(error)}`
  }
  await kind.tidy?.(ground).catch((error: unknown) => {
    problem ??= messageOf(error)
  })
  let alarmsLeft = await alarms.active()
  await until(async () => {
    alarmsLeft = await alarms.active()
    return alarmsLeft.length === 0
  }, ALARMS_CLEAR_WITHIN_MS)
  const unexpected = journal.unexpected.splice(0)
  if (unexpected[0] !== undefined) problem ??= unexpected[0]
  return {
    seed,
    index,
    kind: kind.name,
    ...confirmation,
    recoveryMs: recovered,
    durationMs: Math.round(performance.now() - started),
    accepted: journal.acceptedCount(),
    origins,
    rewritten,
    alarmsRaised: alarms.raised(),
    alarmsLeft,
    findings,
    problem,
  }
}

/** @returns milliseconds until new records of both partitions are queryable; null when they are not in time */
async function recovery({ load, tables, names }: Parts, ended: number): Promise<number | null> {
  const left = () => RECOVER_WITHIN_MS - (performance.now() - ended)
  const sent = await Promise.all([load.probe('patient', PROBES, left()), load.probe('observation', PROBES, left())])
  for (const records of sent) {
    if (!records) return null
    const ids = records.map((one) => recordName(names, one))
    const feed = records[0]?.feed ?? 'patient'
    const all = await until(async () => (await tables.visible(feed, ids)).size === ids.length, Math.max(0, left()))
    if (!all) return null
  }
  return Math.round(performance.now() - ended)
}

function recordName(names: Pseudonyms, { producer, feed, recordId }: MadeRecord): string {
  return names.second('record', names.first('record', `${producer}\0${feed}\0${recordId}`))
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : String(error)
}
