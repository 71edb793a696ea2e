/**
 * A lock file that names its holder, for processes of one machine that see each other. A holder that is killed leaves the file;
 * the next process sees that the holder does not run any more, and replaces the file. The file appears with its content in one
 * step (link), so that no process reads half of it.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf, isAlive } from './identity.ts'

export interface LockHolder {
  readonly pid: number
  readonly identity: string
  /** What the holder does: `up` for the command, `embedded` for a stack inside a test or a load test, `install`, `keys`, `extract`. */
  readonly purpose: string
}

export interface Lock {
  release(): void
}

/** @returns the holder of the lock now, or null; a holder that has ended counts as none */
export function lockHolder(file: string): LockHolder | null {
  const holder = read(file)
  return holder && isAlive(holder.pid, holder.identity) ? holder : null
}

/** @returns the lock, or its holder when another running process has it */
export function tryLock(file: string, purpose: string): Lock | { readonly heldBy: LockHolder } {
  const mine: LockHolder = { pid: process.pid, identity: identityOf(process.pid) ?? '', purpose }
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(temporary, JSON.stringify(mine), { mode: 0o600 })
  try {
    for (;;) {
      try {
        linkSync(temporary, file)
        return { release: () => release(file, mine) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const text = readText(file)
      const holder = parse(text)
      if (holder && isAlive(holder.pid, holder.identity)) return { heldBy: holder }
      removeStale(file, text)
    }
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Waits for the lock; `onWait` is called every five seconds with its holder. */
export async function waitForLock(file: string, purpose: string, onWait: (holder: LockHolder) => void): Promise<Lock> {
  for (let round = 0; ; round++) {
    const lock = tryLock(file, purpose)
    if ('release' in lock) return lock
    if (round % 25 === 0) onWait(lock.heldBy)
    await sleep(200)
  }
}

/**
 * Waits for the lock without yielding to the event loop: for a lock that is held for milliseconds.
 *
 * @param waitMs longest wait, in milliseconds
 */
export function waitForLockSync(file: string, purpose: string, waitMs: number): Lock | { readonly heldBy: LockHolder } {
  const until = Date.now() + waitMs
  for (;;) {
    const lock = tryLock(file, purpose)
    if ('release' in lock || Date.now() > until) return lock
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

/** Renames the stale file first: if another process has got the lock meanwhile, its file is restored. */
function removeStale(file: string, seen: string | null): void {
  const renamed = `${file}.stale.${process.pid}`
  try {
    renameSync(file, renamed)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return // Another process removed it: the next round reads the file again.
  }
  if (seen !== null && readText(renamed) !== seen) {
    try {
      linkSync(renamed, file)
    } catch {
      // A third process has the lock already: the next round reads its name.
    }
  }
  rmSync(renamed, { force: true })
}

function release(file: string, mine: LockHolder): void {
  const holder = read(file)
  if (holder?.pid === mine.pid && holder.identity === mine.identity) rmSync(file, { force: true })
}

function read(file: string): LockHolder | null {
  return parse(readText(file))
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function parse(text: string | null): LockHolder | null {
  if (text === null) return null
  try {
    const value = JSON.parse(text) as Partial<LockHolder>
    if (typeof value.pid !== 'number' || typeof value.identity !== 'string') return null
    return { pid: value.pid, identity: value.identity, purpose: value.purpose ?? '' }
  } catch {
    return null
  }
}
