/**
 * The direct circuit of `chainon link external`: four processes, each with the login and the secrets of its service, joined by pipes. This one hands the bytes on and reads none of them; no file is between them.
 *
 *   FILE -> deidentify -- sealed encodings --> linker -- p1 --> curate -- p2 --> extract
 *              `------------- subjects by ticket (fd 3) -----------------------------'
 */
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'

/** Starts `services/<service>/external/main.ts`. */
export type Launch = (service: string, args: readonly string[], stdio: StdioOptions) => ChildProcess

export interface DirectOptions {
  /** CIRCUIT_ID */
  readonly run: string
  /** For the first step: the file and how it is read. */
  readonly encode: readonly string[]
  /** For the last step. */
  readonly keep: readonly string[]
}

const SUBJECTS_FD = 3
/** A dependency failed, or it was ended: also of who had no reader or no writer any more. */
const DEPENDENCY_STATUS = 75

/** @returns the exit status of the last step; where it got nothing, that of the step before it that is at fault */
export async function linkDirectly({ run, encode, keep }: DirectOptions, launch: Launch): Promise<number> {
  const children: ChildProcess[] = []
  const stop = () => {
    for (const child of children) child.kill('SIGTERM')
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    const last = launch('extract', keep, ['pipe', 'inherit', 'inherit', 'pipe', 'ipc'])
    children.push(last)
    // Nothing is read before the project's file allows it and the access journal says so.
    const ended = statusOf(last, 'close')
    const first = await Promise.race([once(last, 'message').then(() => 'ready' as const), ended])
    if (first !== 'ready') return first
    const [encoder, linker, namer] = [
      launch('deidentify', ['--run', run, ...encode], ['ignore', 'pipe', 'inherit', 'pipe']),
      launch('linker', ['--run', run], ['pipe', 'pipe', 'inherit']),
      launch('curate', [], ['pipe', 'pipe', 'inherit']),
    ]
    children.push(encoder, linker, namer)
    const before = [encoder, linker, namer].map((child) => statusOf(child, 'exit'))
    join(encoder.stdout, linker.stdin)
    join(linker.stdout, namer.stdin)
    join(namer.stdout, last.stdin)
    join(encoder.stdio[SUBJECTS_FD] as Readable, last.stdio[SUBJECTS_FD] as Writable)
    const own = await ended
    // Who has no reader any more is not at fault.
    stop()
    const statuses = await Promise.all(before)
    const failed = statuses.find((status) => status !== 0 && status !== DEPENDENCY_STATUS)
    return own === DEPENDENCY_STATUS ? (failed ?? own) : own
  } finally {
    stop()
    for (const signal of signals) process.off(signal, stop)
  }
}

/** What a step that has ended does not read is thrown away: else the one before it would wait for ever. */
function join(from: Readable | null, to: Writable | null): void {
  to?.on('error', () => undefined)
  to?.on('close', () => from?.resume())
  if (to) from?.pipe(to)
}

/** @param event `exit`; `close` when all that it has printed is to be there, too */
async function statusOf(child: ChildProcess, event: 'exit' | 'close'): Promise<number> {
  const [code, signal] = (await once(child, event)) as [number | null, NodeJS.Signals | null]
  return code ?? (signal === 'SIGTERM' ? DEPENDENCY_STATUS : 128 + (signal ? constants.signals[signal] : 0))
}
