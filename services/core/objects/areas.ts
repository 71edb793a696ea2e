/**
 * The names in the object store:
 *   incoming/<day>/<uuid>                                 sealed by a gateway for `deidentify`, which removes it; the day is that of its key
 *   deidentified/<2>/<id>.dcm                             the file of a version of a record; the id is of no key that is kept (`nameOfFile` of core/sealing)
 *   records/<2>/<record>/<version>-<stamp>.<id>           empty: which file a version has; the record is a keyed hash
 *   records/<2>/<record>/<version>-<stamp>.cancelled      empty: the record was withdrawn with that version
 *   replaced/<day>/<2>.<record>.<version>-<stamp>.<id>    empty: since when that version is no longer in force
 */
import { textOfDay } from '../sealing/day.ts'
import type { ObjectName } from './store.ts'

export const INCOMING = 'incoming'
export const REPLACED = 'replaced'
const DEIDENTIFIED = 'deidentified'
const RECORDS = 'records'
const CANCELLED = 'cancelled'
/** The longest number of either: names sort as versions do. */
const DIGITS = 19

/** What is known of a version of a record. */
export interface VersionEntry {
  /** Name in the folder of the record. */
  readonly entry: string
  /** Of two of them the greater text is the later version. */
  readonly version: string
  /** Hexadecimal, of its file; undefined where it withdrew the record. */
  readonly id: string | undefined
}

/** @param day days since 1970-01-01, of the key */
export function incomingName(day: number, id: string): ObjectName {
  return `${INCOMING}/${textOfDay(day)}/${id}`
}

/** @param id hexadecimal */
export function fileName(id: string): ObjectName {
  return `${DEIDENTIFIED}/${id.slice(0, 2)}/${id}.dcm`
}

/** @param record hexadecimal */
export function recordFolder(record: string): ObjectName {
  return `${RECORDS}/${record.slice(0, 2)}/${record}`
}

/** @param version counts as 0 when it is negative, as in the tables @param stamp when the gateway received it, microseconds since 1970 */
export function versionName(version: number, stamp: number): string {
  return [version, stamp].map((one) => String(Math.max(0, one)).padStart(DIGITS, '0')).join('-')
}

/** @param id of its file; undefined where it withdraws the record */
export function entryName(version: string, id: string | undefined): string {
  return `${version}.${id ?? CANCELLED}`
}

/** @param entry in the folder of a record @returns undefined for what is no such name */
export function readEntry(entry: string): VersionEntry | undefined {
  const [, version, what] = /^(\d+-\d+)\.([0-9a-f]{64}|cancelled)$/.exec(entry) ?? []
  return version === undefined ? undefined : { entry, version, id: what === CANCELLED ? undefined : what }
}

/** @param day days since 1970-01-01 @param entry in the folder of a record */
export function replacedName(day: number, folder: ObjectName, entry: string): ObjectName {
  return `${REPLACED}/${textOfDay(day)}/${[...folder.split('/').slice(1), entry].join('.')}`
}

/** @param name under a day of `replaced` @returns the file and the entry that it is about, in this order; none for what is no such name */
export function replacedNames(name: string): readonly ObjectName[] {
  const [, part, record, version, id] = /^([0-9a-f]{2})\.([0-9a-f]+)\.(\d+-\d+)\.([0-9a-f]{64})$/.exec(name) ?? []
  if (record === undefined || version === undefined || id === undefined) return []
  return [fileName(id), `${RECORDS}/${part}/${record}/${entryName(version, id)}`]
}
