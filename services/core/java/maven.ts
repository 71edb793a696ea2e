/**
 * Runs Maven on the pom beside this folder. A `mvn` on the PATH goes first, because it carries the machine's mirrors and
 * proxies; without one the wrapper downloads Maven from Maven Central.
 */
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ChainonError } from '#core/faults/errors.ts'
import { dyingWithParent } from '../dying-with-parent.ts'
import type { Progress } from './progress.ts'

const HERE = dirname(import.meta.dirname)

/**
 * @param profiles the pom's profiles to run
 * @param target folder that receives their files
 * @throws ChainonError (dependency) with Maven's own last errors
 */
export async function runMaven(
  profiles: readonly string[],
  target: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const maven = findMaven()
  const [command, args] = dyingWithParent(maven, [
    '-B',
    '-f',
    join(HERE, 'pom.xml'),
    'process-resources',
    `-P${profiles.join(',')}`,
    `-Dchainon.parts.target=${target}`,
  ])
  const child = spawn(command, args, {
    cwd: HERE,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    signal,
  })
  const errors: string[] = []
  const stop = () => child.kill('SIGTERM')
  process.once('exit', stop)
  createInterface({ input: child.stdout }).on('line', (line) => {
    const artifact = /Download(?:ing|ed) from \S+ \S*\/([^/\s]+\.(?:jar|tar\.gz|pom))/.exec(line)?.[1]
    if (artifact) progress.show(artifact)
    if (line.startsWith('[ERROR]')) errors.push(line.slice(8))
  })
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const status = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
  process.off('exit', stop)
  if (status === 0) return
  signal.throwIfAborted()
  throw new ChainonError(
    'dependency-unavailable',
    `Maven could not fetch the local parts (${maven}, status ${status}).\n${errors.slice(0, 6).join('\n')}\n` +
      'Chainon needs to reach Maven Central once, or a mirror named in ~/.m2/settings.xml.',
  )
}

function findMaven(): string {
  const run = spawnSync('mvn', ['-v'], { encoding: 'utf8', shell: process.platform === 'win32', timeout: 30_000 })
  const match = /Apache Maven (\d+)\.(\d+)/.exec(run.stdout ?? '')
  const recent = match && (Number(match[1]) > 3 || (Number(match[1]) === 3 && Number(match[2]) >= 6))
  return recent ? 'mvn' : join(HERE, process.platform === 'win32' ? 'mvnw.cmd' : 'mvnw')
}
