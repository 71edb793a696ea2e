/** The report of the linkage (`chainon link report`) that goes with the files of a run: the latest one of the installation, from the data folder. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from './manifest.ts'

const FOLDER = 'linkage-reports'
/** Reports of two feeds or producers have their names behind the time. */
const OF_INSTALLATION = /^(\d{8}T\d{6}Z)\.json$/
const KINDS = ['json', 'html'] as const

/**
 * @param directory folder of the run's files
 * @returns what the manifest says of the copies; empty where no report was made
 */
export function copyLinkageReport(dataDir: string, directory: string): NonNullable<Manifest['linkage_report']> {
  const from = join(dataDir, FOLDER)
  const latest = existsSync(from)
    ? readdirSync(from)
        .flatMap((name) => OF_INSTALLATION.exec(name)?.[1] ?? [])
        .toSorted()
        .at(-1)
    : undefined
  if (latest === undefined) return []
  return KINDS.filter((kind) => existsSync(join(from, `${latest}.${kind}`))).map((kind) => {
    const file = `linkage-report.${kind}`
    const bytes = readFileSync(join(from, `${latest}.${kind}`))
    writeFileSync(join(directory, file), bytes, { mode: 0o600, flag: 'wx', flush: true })
    return { file, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
}
