/**
 * The identity of a process. A pid alone is not enough: after a crash or a reboot another program may have it, and must not be
 * stopped. So a pid is stored with its start time (and, on Linux, the boot).
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/** @returns a text that no other process of this machine has, or null when no process with this pid runs (a zombie does not run) */
export function identityOf(pid: number): string | null {
  if (process.platform === 'linux') return linuxIdentity(pid)
  try {
    process.kill(pid, 0)
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return started || null
  } catch {
    return null
  }
}

/** @returns whether the process with this identity still runs */
export function isAlive(pid: number | null, identity: string | null): boolean {
  if (pid === null || identity === null) return false
  return identityOf(pid) === identity
}

function linuxIdentity(pid: number): string | null {
  try {
    const fields = statFields(pid)
    const [state, startTicks] = [fields[0], fields[19]]
    if (state === 'Z' || state === 'X' || startTicks === undefined) return null
    return `${bootId()}:${startTicks}`
  } catch {
    return null
  }
}

/**
 * @returns the fields of `/proc/<pid>/stat` after the program's name: the state is at 0, the start at 19; proc_pid_stat(5)
 * @throws when there is no such process, or no /proc
 */
export function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name is in parentheses and may itself contain spaces and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

let boot: string | undefined
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8)
  return boot
}

/** What another process of the same machine knows a process by. */
export interface ProcessMark {
  readonly pid: number
  readonly identity: string
  /** Of processes: a container has its own. */
  readonly namespace: string
}

export function ownMark(): ProcessMark {
  return { pid: process.pid, identity: identityOf(process.pid) ?? '', namespace: processNamespace() }
}

/** @returns whether the process no longer runs; false where this one could not see it: on another machine, in another boot or container, or not on Linux */
export function wasSeenToEnd({ pid, identity, namespace }: ProcessMark): boolean {
  if (process.platform !== 'linux' || namespace === '' || namespace !== processNamespace()) return false
  // All machines call their first namespace the same.
  return identity.startsWith(`${bootId()}:`) && !isAlive(pid, identity)
}

/** @returns an empty text where there is none */
export function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** @returns a short command line for messages, or an empty text where it cannot be read */
export function commandOf(pid: number): string {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return text.trim().slice(0, 80)
  } catch {
    return ''
  }
}
