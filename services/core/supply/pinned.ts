/**
 * Files that are fetched and then run must have the bytes that the project pins. A list of them is committed beside what fetches
 * them; a downloaded folder is used only after every file of it has its SHA-256, and no file is in it that the list does not name.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ConfigurationError } from '../faults/errors.ts'

/** One row of a committed list; the SBOM and the licence report read the same. */
export interface PinnedFile {
  /** Path in the folder, with `/`. */
  readonly file: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
  /** Package URL (purl) of the package that contains it. */
  readonly package: string
  /** SPDX expression. */
  readonly licence: string
}

/** @returns the rows of a committed list */
export function readPinned(path: string): readonly PinnedFile[] {
  return JSON.parse(readFileSync(path, 'utf8')) as readonly PinnedFile[]
}

/**
 * @param folder what was fetched
 * @throws ConfigurationError that names each file that differs, with both hashes, each that is missing and each that is not pinned
 */
export async function verifyPinned(folder: string, pinned: readonly PinnedFile[]): Promise<void> {
  const expected = new Map(pinned.map(({ file, sha256 }) => [file, sha256]))
  const problems: string[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) continue
    const path = join(entry.parentPath, entry.name)
    const file = relative(folder, path).split(sep).join('/')
    const wanted = expected.get(file)
    expected.delete(file)
    // A link could point to another file after the check.
    if (!entry.isFile()) problems.push(`${file}: it is not a regular file`)
    else if (wanted === undefined) problems.push(`${file}: no SHA-256 is pinned for it`)
    else {
      const found = await sha256Of(path)
      if (found !== wanted) problems.push(`${file}: SHA-256 ${found}, and ${wanted} is pinned`)
    }
  }
  for (const file of expected.keys()) problems.push(`${file}: it is missing`)
  if (problems.length > 0)
    throw new ConfigurationError(
      `${folder} has not the pinned content, and nothing of it is used; remove it, and it is fetched again`,
      problems,
    )
}

/** Verifies a folder that stays: again only when the list has changed. The mark is a file beside the folder. */
export async function verifyPinnedOnce(folder: string, pinned: readonly PinnedFile[]): Promise<void> {
  const mark = `${folder}.verified`
  const list = createHash('sha256').update(JSON.stringify(pinned)).digest('hex')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === list) return
  await verifyPinned(folder, pinned)
  writeFileSync(mark, list, { mode: 0o600 })
}

/** @returns a file's SHA-256 in lower-case hexadecimal */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
