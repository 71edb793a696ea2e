/**
 * Files of the PMSI as one source: VID-HOSP and grouped RSS, in any number of files. The lines of an RSS are sent together, after the lines of VID-HOSP
 * with the same number of the stay: only these say whose it is. Files are read twice; VID-HOSP, and the RSS of which a line is still to come, are in memory.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { linesOf } from '#core/csv/lines.ts'
import { FAULTS, type RecordFault } from '#core/faults/codes.ts'
import { kindOf, RSS, textAt, VID_HOSP } from '#core/pmsi/layout.ts'
import { listed } from './files.ts'
import { describeReadFailure, inputOf, unreadable } from './input.ts'
import type { Source } from './source.ts'
import type { SourceRecord } from './source-record.ts'

/** An RSS has at most 33 KB. */
const MAX_LINE_BYTES = 256 * 1024
/** Of lines that are kept; some 400,000 stays. */
const MAX_KEPT_BYTES = 256 * 1024 * 1024
/** Lines of a file are numbered below this, after the number of the file. */
const FILE = 2 ** 32

/** Each byte is one character: the columns that are looked at here come before all names. */
interface Kept {
  readonly place: number
  readonly text: string
}

interface Index {
  /** Lines of VID-HOSP by the number of the stay. */
  readonly identities: ReadonlyMap<string, readonly Kept[]>
  /** How many lines each RSS has. */
  readonly counts: ReadonlyMap<string, number>
}

/**
 * @param paths files, or folders of which the files that begin with a line of the PMSI are taken
 * @param say told of the files of a folder that are left out
 * @param maxKeptBytes of lines in memory
 * @throws ConfigurationError when there is nothing to send, while it is read when more must be kept in memory than may be
 */
export async function pmsiSource(
  paths: readonly string[],
  say: (text: string) => void,
  maxKeptBytes = MAX_KEPT_BYTES,
): Promise<Source> {
  const files: string[] = []
  for (const path of paths) files.push(...(await filesOf(path, say)))
  const [path] = paths
  if (path === undefined || files.length === 0) throw unreadable(path ?? '', 'the folder has no file of the PMSI')
  const stats = files.map((file) => statSync(file))
  let done = 0
  const kept = { bytes: 0 }
  const keep = (bytes: number) => {
    kept.bytes += bytes
    if (kept.bytes > maxKeptBytes)
      throw unreadable(
        path,
        'VID-HOSP, or RSS whose lines are far from each other, are too many for one run: send parts',
      )
  }
  return {
    path,
    format: 'pmsi',
    size: files.length,
    modified: stats.reduce((sum, { size, mtimeMs }) => sum + size + mtimeMs, 0),
    read: () => done,
    pathOf: () => undefined,
    placeOf: (place) => [files[Math.floor(place / FILE)] ?? path, place % FILE],
    async *records() {
      done = 0
      kept.bytes = 0
      const index = await indexOf(files, keep)
      yield* recordsOf(files, index, keep, () => done++)
    },
  }
}

async function filesOf(path: string, say: (text: string) => void): Promise<readonly string[]> {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw unreadable(path, 'there is no such file')
  if (!stat.isDirectory()) {
    if (await beginsAsPmsi(path)) return [path]
    throw unreadable(path, 'its first line is neither one of VID-HOSP nor one of a grouped RSS')
  }
  const found: string[] = []
  let left = 0
  for (const name of listed(path)) {
    if (await beginsAsPmsi(join(path, name))) found.push(join(path, name))
    else left++
  }
  if (left > 0) say(`${path}: ${left} files are no files of VID-HOSP or RSS and are not sent`)
  return found
}

async function beginsAsPmsi(file: string): Promise<boolean> {
  for await (const { text } of lines(file)) return text !== undefined && kindOf(text) !== undefined
  return false
}

/** Lines that are not empty, without their ends. */
async function* lines(file: string): AsyncGenerator<{ readonly number: number; readonly text: string | undefined }> {
  const stream = inputOf(file).open()
  try {
    for await (const { number, text } of linesOf(stream as AsyncIterable<Buffer>, '\n', MAX_LINE_BYTES)) {
      const line = (number === 1 ? text?.replace(/^ï»¿/, '') : text)?.replace(/\r$/, '')
      if (line === undefined || line.trim() !== '') yield { number, text: line }
    }
  } catch (error) {
    throw unreadable(file, describeReadFailure(error as NodeJS.ErrnoException))
  } finally {
    stream.destroy()
  }
}

async function indexOf(files: readonly string[], keep: (bytes: number) => void): Promise<Index> {
  const identities = new Map<string, Kept[]>()
  const counts = new Map<string, number>()
  for (const [at, file] of files.entries()) {
    for await (const { number, text } of lines(file)) {
      const kind = text === undefined ? undefined : kindOf(text)
      if (text === undefined || kind === undefined) continue
      if (kind === 'RSS') {
        const key = rssOf(text, at, number)
        counts.set(key, (counts.get(key) ?? 0) + 1)
        continue
      }
      keep(text.length)
      const nda = textAt({ text }, VID_HOSP.nda)
      const others = identities.get(nda)
      if (others) others.push({ place: at * FILE + number, text })
      else identities.set(nda, [{ place: at * FILE + number, text }])
    }
  }
  return { identities, counts }
}

async function* recordsOf(
  files: readonly string[],
  { identities, counts }: Index,
  keep: (bytes: number) => void,
  onFile: () => void,
): AsyncGenerator<SourceRecord> {
  const waiting = new Map<string, Kept[]>()
  const used = new Set<string>()
  let line = 0
  for (const [at, file] of files.entries()) {
    for await (const { number, text } of lines(file)) {
      const place = at * FILE + number
      const kind = text === undefined ? undefined : kindOf(text)
      if (text === undefined) yield refused(++line, place, 'record-too-large')
      else if (kind === undefined) yield refused(++line, place, 'malformed-pmsi')
      else if (kind === 'RSS') {
        const key = rssOf(text, at, number)
        const rums = waiting.get(key) ?? []
        rums.push({ place, text })
        waiting.set(key, rums)
        keep(text.length)
        if (rums.length < (counts.get(key) ?? 0)) continue
        waiting.delete(key)
        keep(-rums.reduce((sum, rum) => sum + rum.text.length, 0))
        const nda = textAt({ text }, RSS.nda)
        used.add(nda)
        yield recordOf(++line, [...(identities.get(nda) ?? []), ...rums])
      }
    }
    onFile()
  }
  for (const [nda, all] of identities) if (!used.has(nda)) yield recordOf(++line, all)
}

/** One without its numbers is alone. */
function rssOf(text: string, file: number, number: number): string {
  const parts = [RSS.finess, RSS.nda, RSS.rss].map((columns) => textAt({ text }, columns))
  return parts.includes('') ? `${file}:${number}` : parts.join('/')
}

function recordOf(line: number, all: readonly Kept[]): SourceRecord {
  const bytes = Buffer.from(all.map(({ text }) => text).join('\n'), 'latin1')
  return { line, bytes, places: all.map(({ place }) => place) }
}

function refused(line: number, place: number, rule: RecordFault): SourceRecord {
  return { line, places: [place], refused: [{ pointer: '', rule, detail: FAULTS[rule].text }] }
}
