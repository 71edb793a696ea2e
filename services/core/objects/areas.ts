/**
 * The names in the object store:
 *   incoming/<day>/<uuid>                                   sealed by a gateway for `deidentify`, which removes it; the day is that of its key
 *   deidentified/<2>/<record>/<version>-<stamp>.dcm         the file of a version of a record
 *   deidentified/<2>/<record>/<version>-<stamp>.cancelled   empty: the record was withdrawn with that version
 *   replaced/<day>/<2>.<record>.<version>-<stamp>.dcm       empty: since when that file is of a version that is no longer in force
 */
import { textOfDay } from '../sealing/day.ts'
import type { ObjectName } from './store.ts'

export const INCOMING = 'incoming'
export const REPLACED = 'replaced'
export const FILE_END = '.dcm'
export const CANCELLED_END = '.cancelled'
const DEIDENTIFIED = 'deidentified'
/** The longest number of either: names sort as versions do. */
const DIGITS = 19

/** @param day days since 1970-01-01, of the key */
export function incomingName(day: number, id: string): ObjectName {
  return `${INCOMING}/${textOfDay(day)}/${id}`
}

/** @param record hexadecimal */
export function recordFolder(record: string): ObjectName {
  return `${DEIDENTIFIED}/${record.slice(0, 2)}/${record}`
}

/** @param version counts as 0 when it is negative, as in the tables @param stamp when the gateway received it, microseconds since 1970 */
export function versionName(version: number, stamp: number): string {
  return [version, stamp].map((one) => String(Math.max(0, one)).padStart(DIGITS, '0')).join('-')
}

/** @param day days since 1970-01-01 @param file in the folder of a record */
export function replacedName(day: number, folder: ObjectName, file: string): ObjectName {
  return `${REPLACED}/${textOfDay(day)}/${[...folder.split('/').slice(1), file].join('.')}`
}

/** @param name under a day of `replaced` @returns the file that it is about; undefined for what is no such name */
export function replacedFile(name: string): ObjectName | undefined {
  const [, part, record, file] = /^([0-9a-f]{2})\.([0-9a-f]+)\.(\d+-\d+\.dcm)$/.exec(name) ?? []
  return part === undefined ? undefined : `${DEIDENTIFIED}/${part}/${record}/${file}`
}
