/**
 * Archives of loaded classes for the Java parts (application class-data sharing). With one, Kafka and the registry need half
 * the processor time to start, which is most of a warm start. Each part runs once, for nothing, when its archive is made;
 * the archive belongs to that Java and those jars. Without one a part only starts more slowly, so a failure here is no error.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dyingWithParent } from '#core/process/dying-with-parent.ts'
import { waitForLock } from '#core/process/lock.ts'
import { startTimedProgress, type TimedProgress } from '#core/terminal/progress.ts'
import type { ProcessSpec } from '../types.ts'
import { type InstalledPart, VERSIONS } from './install.ts'

const READY_WITHIN_MS = 60_000
const EXIT_WITHIN_MS = 60_000
const POLL_MS = 100

/** The parts that are Java programs. */
export type JavaPart = Exclude<InstalledPart, 'redis'>

/** @param build of the Java; see java.ts */
function archivePath(cache: string, part: JavaPart, build: string): string {
  return join(cache, `${part}-${VERSIONS[part]}.java-${build}.jsa`)
}

/** @returns the JVM's options that use the archive, none when there is no archive */
export function archiveOptions(cache: string, part: JavaPart, build: string): string[] {
  const file = archivePath(cache, part, build)
  return existsSync(file) ? [`-XX:SharedArchiveFile=${file}`, '-Xshare:auto'] : []
}

/**
 * Makes the archives that are missing, one process at a time for all stacks of this machine.
 *
 * @param trial describes the part on a folder and ports that nobody else uses, with these additional JVM options
 */
export async function makeArchives(
  cache: string,
  build: string,
  parts: readonly JavaPart[],
  trial: (part: JavaPart, data: string, jvm: readonly string[]) => Promise<ProcessSpec>,
  signal: AbortSignal,
): Promise<void> {
  const missing = () => parts.filter((part) => !existsSync(archivePath(cache, part, build)))
  if (missing().length === 0) return
  const lock = await waitForLock(join(cache, 'install.lock'), 'install', (holder) =>
    process.stderr.write(`Waiting for process ${holder.pid}, which prepares the local parts\n`),
  )
  const work = mkdtempSync(join(cache, 'fetching-'))
  let progress: TimedProgress | undefined
  try {
    const todo = missing()
    if (todo.length === 0) return
    progress = startTimedProgress(`Preparing quicker starts of ${todo.join(' and ')} (once)`)
    await Promise.all(
      todo.map(async (part) => {
        const fresh = join(work, `${part}.jsa`)
        const spec = await trial(part, join(work, part), [`-XX:ArchiveClassesAtExit=${fresh}`])
        const clean = await runOnce(spec, signal)
        if (clean && existsSync(fresh)) renameSync(fresh, archivePath(cache, part, build))
      }),
    )
  } catch (error) {
    signal.throwIfAborted()
    process.stderr.write(
      `Starts will be slower: ${error instanceof Error ? error.message : 'no class archive could be made'}\n`,
    )
  } finally {
    progress?.done()
    rmSync(work, { recursive: true, force: true })
    lock.release()
  }
}

/** Starts a part, waits until it serves, asks it to stop; the JVM writes the archive on its way out. */
async function runOnce(spec: ProcessSpec, signal: AbortSignal): Promise<boolean> {
  await spec.prepare?.()
  const [command, args] = dyingWithParent(spec.command, spec.args, 'KILL')
  // Asked politely, the JVM would write its archive first.
  const child = spawn(command, args, { env: spec.env, stdio: 'ignore', signal, killSignal: 'SIGKILL' })
  let over = false
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true
      resolve()
    }
    child.on('exit', end)
    child.on('error', end)
  })
  const deadline = Date.now() + READY_WITHIN_MS
  let served = false
  while (!over && !served && Date.now() < deadline) {
    served = await spec.ready().catch(() => false)
    await sleep(POLL_MS)
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), EXIT_WITHIN_MS)
  child.kill(spec.stopSignal)
  await ended
  clearTimeout(timer)
  return served && child.signalCode !== 'SIGKILL'
}
