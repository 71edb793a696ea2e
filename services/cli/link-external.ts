/**
 * The circuits of `chainon link external` that need several processes, each with the login and the secrets of its service, joined by pipes. This one hands the bytes on and reads none of them; no file is between them.
 *
 *   FILE -> deidentify -- sealed encodings --> linker -- p1 --> curate -- p2 --> extract
 *              `------------- subjects by ticket (fd 3) -----------------------------'
 *
 * Of hashed identifiers: `extract` -- what the project's file declares (its fd 3) --> `deidentify`, which takes the list; and as above, without the linker, when what was found is collected.
 */
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'

/** Starts `services/<service>/<main>`, by default `external/main.ts`. */
export type Launch = (service: string, args: readonly string[], stdio: StdioOptions, main?: string) => ChildProcess

export interface DirectOptions {
  /** CIRCUIT_ID */
  readonly run: string
  /** For the first step: the file and how it is read. */
  readonly encode: readonly string[]
  /** For the last step. */
  readonly keep: readonly string[]
}

export interface HashedOptions {
  /** CIRCUIT_ID */
  readonly run: string
  /** For the last step. */
  readonly keep: readonly string[]
}

interface Step {
  readonly service: string
  readonly args: readonly string[]
  readonly main?: string
}

const HASHED_MAIN = 'external/hashed/main.ts'
const SIDE_FD = 3
/** A dependency failed, or it was ended: also of who had no reader or no writer any more. */
const DEPENDENCY_STATUS = 75

/** @returns the exit status of the last step; where it got nothing, that of the step before it that is at fault */
export function linkDirectly({ run, encode, keep }: DirectOptions, launch: Launch): Promise<number> {
  const before = [
    { service: 'deidentify', args: ['--run', run, ...encode] },
    { service: 'linker', args: ['--run', run] },
    { service: 'curate', args: [] },
  ]
  return joined(keep, launch, (last) => startChain(before, last, launch))
}

/** Links what a circuit of hashed identifiers has found, and destroys the circuit when the correspondence is kept. @returns as `linkDirectly` */
export async function collectHashed({ run, keep }: HashedOptions, launch: Launch): Promise<number> {
  const before = [
    { service: 'deidentify', main: HASHED_MAIN, args: ['collect', '--run', run] },
    { service: 'curate', args: [] },
  ]
  const status = await joined(keep, launch, (last) => startChain(before, last, launch))
  if (status !== 0) return status
  const args = ['destroy', '--run', run, '--reason', 'collected']
  return statusOf(launch('deidentify', args, ['ignore', 'ignore', 'inherit'], HASHED_MAIN), 'exit')
}

/** Opens a circuit of hashed identifiers. @param take for `deidentify`: the file and the secret @returns as `linkDirectly` */
export function openHashed(
  { run, keep, take }: HashedOptions & { readonly take: readonly string[] },
  launch: Launch,
): Promise<number> {
  return joined(keep, launch, (last) => {
    const taker = launch('deidentify', ['open', '--run', run, ...take], ['pipe', 'pipe', 'inherit'], HASHED_MAIN)
    join(last.stdio[SIDE_FD] as Readable, taker.stdin)
    join(taker.stdout, last.stdin)
    return [taker]
  })
}

/** @param begin starts the others, and joins them with the last step, when it is ready */
async function joined(
  keep: readonly string[],
  launch: Launch,
  begin: (last: ChildProcess) => readonly ChildProcess[],
): Promise<number> {
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
    const others = begin(last)
    children.push(...others)
    const before = others.map((child) => statusOf(child, 'exit'))
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

/** Each writes to the next one, and the first one also to the last one, beside them. */
function startChain(steps: readonly Step[], last: ChildProcess, launch: Launch): readonly ChildProcess[] {
  const children = steps.map(({ service, args, main }, index) =>
    launch(service, args, index === 0 ? ['ignore', 'pipe', 'inherit', 'pipe'] : ['pipe', 'pipe', 'inherit'], main),
  )
  for (const [index, child] of children.entries()) join(child.stdout, (children[index + 1] ?? last).stdin)
  join(children[0]?.stdio[SIDE_FD] as Readable, last.stdio[SIDE_FD] as Writable)
  return children
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
