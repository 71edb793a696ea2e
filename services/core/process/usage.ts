/** Memory and processor time of a process, from /proc (Linux). */
import { readFileSync } from 'node:fs'
import { statFields } from './identity.ts'

export interface Usage {
  /** Resident memory in bytes. */
  readonly rss: number
  /** Processor time, user and system, in seconds. */
  readonly cpu: number
}

const TICKS_PER_SECOND = 100
/** Places of the fields after the program's name; proc_pid_stat(5). */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12]

/** @returns undefined when there is no /proc or no such process */
export function usageOf(pid: number): Usage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const fields = statFields(pid)
    return {
      rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024,
      cpu: (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND,
    }
  } catch {
    return undefined
  }
}
