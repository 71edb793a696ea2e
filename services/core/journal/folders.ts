/** Where the chains of the journal are: a folder for each writer, in `<data>/journal`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'

export function journalFolder(dataDir: string): string {
  return join(dataDir, 'journal')
}

/** @param folder as `journalFolder` gives it, or a copy of another host's @returns a folder for each chain */
export function chainFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name))
      .toSorted()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
