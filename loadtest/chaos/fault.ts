/** What a kind of fault is, and what it may use. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessName } from '#core/process/state-file.ts'
import type { Bench } from './bench.ts'
import type { Checker } from './check/check.ts'
import type { LinkName } from './links.ts'
import type { Load } from './load/sender.ts'
import type { LogAdmin } from './log-admin.ts'
import type { Caught, FaultProxy } from './proxy/proxy.ts'
import type { Random } from './random.ts'

export interface Ground {
  readonly bench: Bench
  readonly load: Load
  readonly admin: LogAdmin
  readonly checker: Checker
  readonly random: Random
  /** Gateways that the senders use; a fault may add one. */
  readonly gateways: string[]
}

/** Whether the fault has hit, and how that is known. A run that was not confirmed does not count. */
export interface Confirmation {
  readonly confirmed: boolean
  readonly evidence: string
}

export interface FaultKind {
  readonly name: string
  /** How often it is drawn, compared with the others. */
  readonly weight: number
  /** Does the fault and ends it; the proxies are healed afterwards. */
  run(ground: Ground): Promise<Confirmation>
  /** What the operator does when everything that was sent is loaded. */
  tidy?(ground: Ground): Promise<void>
}

export const hit = (evidence: string): Confirmation => ({ confirmed: true, evidence })
export const missed = (evidence: string): Confirmation => ({ confirmed: false, evidence })

export const link = (ground: Ground, name: LinkName): FaultProxy => ground.bench.links.get(name)

/** How long a fault waits for the moment that it needs. */
export const MOMENT_MS = 6_000

export const isInsert = (label: string): boolean => label.startsWith('POST') && label.includes('INSERT')
/** @returns the table of an insert's address */
export function tableIn(label: string): string {
  return /INSERT(?:\+|%20)INTO(?:\+|%20)(?:`|%60)?(\w+)/.exec(label)?.[1] ?? 'a table'
}

/** Waits until the request is completely read, or its client has ended. */
export async function whole(caught: Caught): Promise<void> {
  await Promise.race([caught.complete, sleep(500)])
}

/** What becomes of a request whose client is gone: the receiver never gets it, or gets it now or later. */
export async function dispose(caught: Caught, random: Random): Promise<string> {
  if (random.chance(0.4)) {
    caught.discard()
    return 'never delivered'
  }
  const late = random.chance(0.5) ? random.int(50, 1200) : 0
  await sleep(late)
  const answered = await Promise.race([caught.deliverAlone(), sleep(3000).then(() => false)])
  return `delivered ${late} ms after it${answered ? ' and answered' : ''}`
}

/** Kills a process and waits until the supervisor has started it again. */
export async function killAndWait(bench: Bench, name: ProcessName): Promise<void> {
  const before = bench.kill(name, 'SIGKILL')
  await bench.restarted(name, before)
}
