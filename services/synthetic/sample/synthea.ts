/**
 * Synthea 3.3.0 (Apache-2.0, github.com/synthetichealth/synthea): downloaded once from Maven Central into the cache
 * (CHAINON_COMPONENTS_DIR), then run in its own temporary folder.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ChainonError } from '#core/faults/errors.ts'
import { runMaven } from '#core/java/maven.ts'
import { endOf } from '#core/process/child.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { type PinnedFile, readPinned, verifyPinned, verifyPinnedOnce } from '#core/supply/pinned.ts'

const SYNTHEA_VERSION = '3.3.0'
/** Ages are computed on this day, and no event is after it. */
const REFERENCE_DATE = '20240101'

/** @returns the arguments of Synthea; sample/README.md shows them */
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
    // One thread: with several, the results change with the order of the people.
    '--generate.thread_pool_size=1',
    'Massachusetts',
  ]
}

/**
 * @param cache CHAINON_COMPONENTS_DIR
 * @returns the folder of Synthea's jars; downloads them when they are missing (200 MB)
 * @throws ChainonError (dependency) with Maven's own errors
 * @throws ConfigurationError when a jar, downloaded now or earlier, has not the pinned SHA-256
 */
export async function installSynthea(
  cache: string,
  env: NodeJS.ProcessEnv,
  show: (what: string) => void,
): Promise<string> {
  const target = join(cache, `synthea-${SYNTHEA_VERSION}`)
  const pinned = readPinned(join(import.meta.dirname, 'pinned.json'))
  if (!existsSync(target)) await download(cache, target, pinned, env, show)
  await verifyPinnedOnce(target, pinned)
  return target
}

async function download(
  cache: string,
  target: string,
  pinned: readonly PinnedFile[],
  env: NodeJS.ProcessEnv,
  show: (what: string) => void,
): Promise<void> {
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  const folder = mkdtempSync(join(cache, 'synthea-fetching-'))
  try {
    await runMaven({
      what: 'Synthea',
      pom: join(import.meta.dirname, 'pom.xml'),
      args: ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`],
      env,
      onDownload: (file) => show(`downloading ${file}`),
    })
    await verifyPinned(folder, pinned)
    // Renamed in one step; another process can have downloaded it at the same time.
    if (!existsSync(target)) renameSync(folder, target)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface SyntheaRun {
  readonly java: string
  /** From `installSynthea`. */
  readonly jars: string
  readonly patients: number
  readonly seed: number
  /** Empty folder; the Bundles are then in its `output/fhir`. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly show: (what: string) => void
}

/** @throws ChainonError (dependency) when Synthea ends with an error, with its last lines */
export async function runSynthea(run: SyntheaRun): Promise<string> {
  const output = join(run.folder, 'output')
  const path = [join(run.jars, '*')].join(delimiter)
  const args = ['-Xmx1500m', '-cp', path, ...syntheaArguments(run.patients, run.seed, output)]
  const [command, all] = stopWithParent(run.java, args)
  const child = spawn(command, all, { cwd: run.folder, env: run.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const last: string[] = []
  const read = (line: string) => {
    last.push(line)
    if (last.length > 8) last.shift()
    const person = /^(\d+) -- /.exec(line)?.[1]
    if (person) run.show(`patient ${person} of ${run.patients}`)
  }
  const status = await endOf(child, read)
  if (status !== 0)
    throw new ChainonError('dependency-unavailable', `Synthea ended with ${status}:\n${last.join('\n')}`)
  return join(output, 'fhir')
}
