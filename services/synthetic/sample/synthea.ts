/**
 * Synthea 3.3.0 (Apache-2.0, github.com/synthetichealth/synthea): fetched once from Maven Central into the parts cache, then
 * run in a temporary folder of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

const SYNTHEA_VERSION = '3.3.0'
/** People are as old as they are on this day; nothing happens after it. */
const REFERENCE_DATE = '20240101'
const JAVA_MIN = 17
const ROOT = join(import.meta.dirname, '../../..')
/** The local stack's Maven wrapper, for machines without `mvn`. */
const WRAPPER = join(ROOT, 'deploy/local', process.platform === 'win32' ? 'mvnw.cmd' : 'mvnw')

/** @returns what runs Synthea, without the `java` before it; tests and the provenance note read it */
function syntheaArguments(patients: number, seed: number, output: string): string[] {
  return [
    'App',
    ...['-p', String(patients), '-s', String(seed), '-cs', String(seed)],
    ...['-r', REFERENCE_DATE, '-e', REFERENCE_DATE],
    `--exporter.baseDirectory=${output}`,
    '--exporter.fhir.export=true',
    '--exporter.hospital.fhir.export=false',
    '--exporter.practitioner.fhir.export=false',
    '--exporter.years_of_history=4',
    '--generate.append_numbers_to_person_names=false',
    // One thread: with several, the order of the people changes what becomes of them.
    '--generate.thread_pool_size=1',
    'Massachusetts',
  ]
}

/**
 * @returns the `java` to run
 * @throws ConfigurationError when there is none, or it is older than 17
 */
export function findJava(home: string | undefined): string {
  const command = home ? join(home, 'bin', 'java') : 'java'
  const run = spawnSync(command, ['-version'], { encoding: 'utf8', timeout: 20_000 })
  const remedy =
    'install Java 17 or newer (Debian, Ubuntu: `sudo apt install openjdk-17-jre-headless`), or set JAVA_HOME'
  if (run.error || run.status !== 0)
    throw new ConfigurationError('Synthea needs Java', [`\`${command}\` does not run: ${remedy}`])
  const version = Number(/version "(?:1\.)?(\d+)/.exec(`${run.stderr}${run.stdout}`)?.[1] ?? 0)
  if (version < JAVA_MIN)
    throw new ConfigurationError('Synthea needs a newer Java', [
      `\`${command}\` is Java ${version || 'of an unknown version'}: ${remedy}`,
    ])
  return command
}

/**
 * @param cache folder of the parts
 * @returns the folder of Synthea's jars; fetches them when they are missing (200 MB)
 * @throws ChainonError (dependency) with Maven's own errors
 */
export async function installSynthea(cache: string, show: (what: string) => void): Promise<string> {
  const target = join(cache, `synthea-${SYNTHEA_VERSION}`)
  if (existsSync(target)) return target
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  const fetched = mkdtempSync(join(cache, 'synthea-fetching-'))
  try {
    const maven = hasMaven() ? 'mvn' : WRAPPER
    const pom = join(import.meta.dirname, 'pom.xml')
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fetched}`]
    const errors: string[] = []
    const child = spawn(maven, ['-B', '-f', pom, ...goal], {
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: process.platform === 'win32',
    })
    const status = await ended(child, (line) => {
      const jar = /Download(?:ing|ed) from \S+ \S*\/([^/\s]+\.jar)/.exec(line)?.[1]
      if (jar) show(`fetching ${jar}`)
      if (line.startsWith('[ERROR]')) errors.push(line.slice(8))
    })
    if (status !== 0)
      throw new ChainonError(
        'dependency-unavailable',
        `Maven could not fetch Synthea (${maven}, status ${status}).\n${errors.slice(0, 5).join('\n')}\n` +
          'Chainon needs to reach Maven Central once, or a mirror named in ~/.m2/settings.xml.',
      )
    // Appears in one step; whoever fetched it at the same time may have been faster.
    if (!existsSync(target)) renameSync(fetched, target)
    return target
  } finally {
    rmSync(fetched, { recursive: true, force: true })
  }
}

export interface SyntheaRun {
  readonly java: string
  /** From `installSynthea`. */
  readonly jars: string
  readonly patients: number
  readonly seed: number
  /** Empty folder; the bundles are then in its `output/fhir`. */
  readonly folder: string
  readonly show: (what: string) => void
}

/** @throws ChainonError (dependency) when Synthea ends with an error, with its last lines */
export async function runSynthea(run: SyntheaRun): Promise<string> {
  const output = join(run.folder, 'output')
  const path = [join(run.jars, '*')].join(delimiter)
  const args = ['-Xmx1500m', '-cp', path, ...syntheaArguments(run.patients, run.seed, output)]
  const child = spawn(run.java, args, { cwd: run.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const last: string[] = []
  const read = (line: string) => {
    last.push(line)
    if (last.length > 8) last.shift()
    const person = /^(\d+) -- /.exec(line)?.[1]
    if (person) run.show(`patient ${person} of ${run.patients}`)
  }
  if (child.stderr) createInterface({ input: child.stderr }).on('line', read)
  const status = await ended(child, read)
  if (status !== 0)
    throw new ChainonError('dependency-unavailable', `Synthea ended with ${status}:\n${last.join('\n')}`)
  return join(output, 'fhir')
}

/** Waits for a child, which dies with this process. */
async function ended(child: ChildProcess, line: (text: string) => void): Promise<number | string> {
  const stop = () => child.kill('SIGTERM')
  process.once('exit', stop)
  if (child.stdout) createInterface({ input: child.stdout }).on('line', line)
  const status = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
  process.off('exit', stop)
  return status
}

function hasMaven(): boolean {
  const run = spawnSync('mvn', ['-v'], { encoding: 'utf8', shell: process.platform === 'win32', timeout: 30_000 })
  const version = /Apache Maven (\d+)\.(\d+)/.exec(run.stdout ?? '')
  return version !== null && (Number(version[1]) > 3 || (Number(version[1]) === 3 && Number(version[2]) >= 6))
}
