/** Sample files: `<producer>.ndjson.gz`, one Bundle per line. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type HospitalBundle, type Json, SAMPLE_PRODUCERS, splitBundle } from './split.ts'

/** The sample that ships with Chainon. */
export const FIXTURE = join(import.meta.dirname, 'fixture')

/** Bundles of one producer, as they are sent: one line of JSON each. */
export interface SampleFile {
  readonly producer: string
  readonly lines: readonly string[]
}

/** @throws ConfigurationError when a file is missing or damaged */
export function readSample(dir: string): SampleFile[] {
  return SAMPLE_PRODUCERS.map((producer) => {
    const path = join(dir, `${producer}.ndjson.gz`)
    try {
      const text = gunzipSync(readFileSync(path)).toString('utf8')
      return { producer, lines: text.split('\n').filter(Boolean) }
    } catch {
      throw new ConfigurationError('The sample cannot be read', [`${path} is missing or damaged`])
    }
  })
}

/** @returns bytes of each file; the same Bundles always produce the same bytes */
export function writeSample(dir: string, bundles: readonly HospitalBundle[]): Record<string, number> {
  mkdirSync(dir, { recursive: true })
  const sizes: Record<string, number> = {}
  for (const producer of SAMPLE_PRODUCERS) {
    const lines = bundles.filter((one) => one.producer === producer).map(({ bundle }) => JSON.stringify(bundle))
    const packed = gzipSync(`${lines.join('\n')}\n`, { level: constants.Z_BEST_COMPRESSION })
    writeFileSync(join(dir, `${producer}.ndjson.gz`), packed)
    sizes[producer] = packed.length
  }
  return sizes
}

/**
 * @param dir Synthea's `output/fhir`
 * @param untilMs see `splitBundle`
 * @returns the hospitals' Bundles, in the order of the file names: the order in which Synthea writes them depends on its threads
 */
export function readSynthea(dir: string, untilMs: number): HospitalBundle[] {
  if (!existsSync(dir)) return []
  const files = readdirSync(dir).filter((file) => file.endsWith('.json'))
  return files
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((file, index) => splitBundle(JSON.parse(readFileSync(join(dir, file), 'utf8')) as Json, index, untilMs))
}
