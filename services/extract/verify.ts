/** Checks a run's files against its manifest, offline: only the folder is needed. */
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MANIFEST_NAME, type ManifestTable, PROJECT_FILE_NAME, readManifest } from './manifest.ts'
import { readParquet } from './parquet.ts'

export interface FileCheck {
  readonly file: string
  readonly ok: boolean
  readonly rows: number | null
  /** Everything that differs; empty when ok. */
  readonly problems: readonly string[]
}

/** @returns one line for each file of the manifest, and one for each file that is not in it */
export async function verify(dir: string): Promise<readonly FileCheck[]> {
  const read = readManifest(dir)
  if ('problem' in read) return [check(MANIFEST_NAME, null, [read.problem])]
  const { manifest } = read
  const reports = manifest.linkage_report ?? []
  const checks = [await checkSum(dir, PROJECT_FILE_NAME, manifest.project.file_sha256)]
  for (const { file, sha256 } of reports) checks.push(await checkSum(dir, file, sha256))
  for (const table of manifest.tables) checks.push(await checkTable(dir, table))
  const files = [...reports, ...manifest.tables].map(({ file }) => file)
  const known = new Set([MANIFEST_NAME, PROJECT_FILE_NAME, ...files])
  const foreign = readdirSync(dir).filter((name) => !known.has(name))
  return [...checks, ...foreign.map((name) => check(name, null, ['is not in the manifest']))]
}

async function checkSum(dir: string, file: string, expected: string): Promise<FileCheck> {
  const sha256 = await sha256Of(join(dir, file))
  const problem =
    sha256 === undefined ? 'is missing' : sha256 === expected ? undefined : 'its sha256 differs from the manifest'
  return check(file, null, problem ? [problem] : [])
}

async function checkTable(dir: string, table: ManifestTable): Promise<FileCheck> {
  const path = join(dir, table.file)
  const sha256 = await sha256Of(path)
  if (sha256 === undefined) return check(table.file, null, ['is missing'])
  const problems: string[] = []
  const { size } = statSync(path)
  if (size !== table.bytes) problems.push(`has ${size} bytes, the manifest says ${table.bytes}`)
  if (sha256 !== table.sha256) problems.push('its sha256 differs from the manifest')
  try {
    const content = await readParquet(path)
    const columns = table.columns.map((column) => column.name)
    if (content.rows !== table.rows) problems.push(`has ${content.rows} rows, the manifest says ${table.rows}`)
    if (content.persons !== table.persons)
      problems.push(`has ${content.persons} persons, the manifest says ${table.persons}`)
    if (content.columns.join() !== columns.join()) problems.push('its columns differ from the manifest')
    return check(table.file, content.rows, problems)
  } catch {
    return check(table.file, null, [...problems, 'cannot be read as Parquet'])
  }
}

function check(file: string, rows: number | null, problems: readonly string[]): FileCheck {
  return { file, ok: problems.length === 0, rows, problems }
}

async function sha256Of(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  return hash.digest('hex')
}
