/**
 * Archives of loaded classes for the Java components (application class-data sharing). With one, Kafka and the registry need half
 * the processor time to start, which is most of a warm start. A component runs once, only to make its archive; the archive fits
 * that Java and those jars alone. Without one a component only starts more slowly, so a failure here is no error.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitForLock } from '#core/process/lock.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { startTimedProgress, type TimedProgress } from '#core/terminal/progress.ts'
import type { ProcessSpec } from '../types.ts'
import { type InstalledComponent, VERSIONS } from './install.ts'

const READY_WITHIN_MS = 60_000
const EXIT_WITHIN_MS = 60_000
const POLL_MS = 100

/** The components of the stack that are Java programs. */
export type JavaComponent = Exclude<InstalledComponent, 'redis' | 'zookeeper' | 'hapi'>

/** @param build of the Java; see java.ts */
function archivePath(cache: string, component: JavaComponent, build: string): string {
  return join(cache, `${component}-${VERSIONS[component]}.java-${build}.jsa`)
}

/** @returns the JVM's options that use the archive, none when there is no archive */
export function archiveOptions(cache: string, component: JavaComponent, build: string): string[] {
  const file = archivePath(cache, component, build)
  return existsSync(file) ? [`-XX:SharedArchiveFile=${file}`, '-Xshare:auto'] : []
}

/**
 * Makes the archives that are missing, one process at a time for all stacks of this machine.
 *
 * @param trial describes the component on a folder and ports of its own, with these additional JVM options
 */
export async function makeArchives(
  cache: string,
  build: string,
  components: readonly JavaComponent[],
  trial: (component: JavaComponent, data: string, jvm: readonly string[]) => Promise<ProcessSpec>,
  signal: AbortSignal,
): Promise<void> {
  const missing = () => components.filter((component) => !existsSync(archivePath(cache, component, build)))
  if (missing().length === 0) return
  const lock = await waitForLock(join(cache, 'install.lock'), 'install', (holder) =>
    process.stderr.write(`Waiting for process ${holder.pid}, which prepares the local components\n`),
  )
  const work = mkdtempSync(join(cache, 'fetching-'))
  let progress: TimedProgress | undefined
  try {
    const todo = missing()
    if (todo.length === 0) return
    progress = startTimedProgress(`Preparing faster starts of ${todo.join(' and ')} (once)`)
    await Promise.all(
      todo.map(async (component) => {
        const fresh = join(work, `${component}.jsa`)
        const spec = await trial(component, join(work, component), [`-XX:ArchiveClassesAtExit=${fresh}`])
        const clean = await runOnce(spec, signal)
        if (clean && existsSync(fresh)) renameSync(fresh, archivePath(cache, component, build))
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

/** Starts a component, waits until it serves, and stops it; the JVM writes the archive when it exits. */
async function runOnce(spec: ProcessSpec, signal: AbortSignal): Promise<boolean> {
  await spec.prepare?.()
  const [command, args] = stopWithParent(spec.command, spec.args, 'KILL')
  // SIGKILL: after SIGTERM the JVM would write its archive first.
  const child = spawn(command, args, { env: spec.env, stdio: 'ignore', signal, killSignal: 'SIGKILL' })
  let hasEnded = false
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true
      resolve()
    }
    child.on('exit', end)
    child.on('error', end)
  })
  const deadline = Date.now() + READY_WITHIN_MS
  let served = false
  while (!hasEnded && !served && Date.now() < deadline) {
    served = await spec.ready().catch(() => false)
    await sleep(POLL_MS)
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), EXIT_WITHIN_MS)
  child.kill(spec.stopSignal)
  await ended
  clearTimeout(timer)
  return served && child.signalCode !== 'SIGKILL'
}
