/** The files that an operand of `push` names: itself, or those of a folder whose formats fit. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { unreadable } from './input.ts'
import { formatOf, type SourceFormat } from './source.ts'

/** Names that are listed of the files that are left out. */
const LISTED = 10

/**
 * @param formats those that can be sent; a file that is named itself is opened whatever its name
 * @param say told which files of a folder are left out
 * @returns paths in the order of their names
 */
export function filesOf(
  path: string,
  formats: readonly SourceFormat[],
  say: (text: string) => void,
): readonly string[] {
  if (path === '-' || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  const files = listed(path)
  const fits = (file: string) => {
    const format = formatOf(file)
    return format !== undefined && formats.includes(format)
  }
  const left = files.filter((file) => !fits(file))
  if (left.length > 0) {
    const more = left.length > LISTED ? `, and ${left.length - LISTED} more` : ''
    say(`${path}: files of other formats are not sent: ${left.slice(0, LISTED).join(', ')}${more}`)
  }
  const found = files.filter(fits).map((file) => join(path, file))
  if (found.length === 0) throw unreadable(path, 'the folder has no file that can be sent')
  return found
}

/** @returns the names of the files of a folder, also in folders of it */
export function listed(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(path, '/').length))
      .toSorted()
  } catch (error) {
    throw unreadable(path, errorCode(error))
  }
}
