/**
 * Runs Maven. A `mvn` on the PATH is preferred, because it is configured with the machine's mirrors and proxies; without one the
 * wrapper in this folder downloads Maven from Maven Central, and checks its SHA-256 (.mvn/wrapper/maven-wrapper.properties).
 */
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { ChainonError } from '../faults/errors.ts'
import { endOf } from '../process/child.ts'
import { stopWithParent } from '../process/stop-with-parent.ts'

export interface MavenRun {
  /** What Maven fetches, for the error's message: `the local components`. */
  readonly what: string
  readonly pom: string
  /** Goals and options. */
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Called with the name of each downloaded file. */
  readonly onDownload: (file: string) => void
  readonly signal?: AbortSignal
}

/** @throws ChainonError (dependency) with Maven's first errors */
export async function runMaven(run: MavenRun): Promise<void> {
  const maven = findMaven(run.env)
  const [command, args] = stopWithParent(maven, ['-B', '-f', run.pom, ...run.args])
  const child = spawn(command, args, {
    cwd: dirname(run.pom),
    env: run.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    ...(run.signal ? { signal: run.signal } : {}),
  })
  const errors: string[] = []
  const status = await endOf(child, (line, stream) => {
    const file = /Download(?:ing|ed) from \S+ \S*\/([^/\s]+\.(?:jar|tar\.gz|pom))/.exec(line)?.[1]
    if (file) run.onDownload(file)
    if (line.startsWith('[ERROR]')) errors.push(line.slice(8))
    else if (stream === 'stderr') errors.push(line)
  })
  if (status === 0) return
  run.signal?.throwIfAborted()
  throw new ChainonError(
    'dependency-unavailable',
    `Maven could not fetch ${run.what} (${maven}, status ${status}).\n${errors.slice(0, 6).join('\n')}\n` +
      'Chainon needs to reach Maven Central once, or a mirror named in ~/.m2/settings.xml.' +
      // Without it the wrapper takes the archive for tar, which has another hash than the pinned one.
      (maven === 'mvn' ? '' : ' Without `mvn` on the PATH it needs `unzip`, too.'),
  )
}

function findMaven(env: NodeJS.ProcessEnv): string {
  const run = spawnSync('mvn', ['-v'], { encoding: 'utf8', env, shell: process.platform === 'win32', timeout: 30_000 })
  const match = /Apache Maven (\d+)\.(\d+)/.exec(run.stdout ?? '')
  const recent = match && (Number(match[1]) > 3 || (Number(match[1]) === 3 && Number(match[2]) >= 6))
  return recent ? 'mvn' : join(import.meta.dirname, process.platform === 'win32' ? 'mvnw.cmd' : 'mvnw')
}
