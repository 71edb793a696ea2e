/**
 * DICOM files of a folder, or one, as parts of a store transaction (STOW-RS). They are cut on this machine, before the values of single frames,
 * overlays and pixels: only their beginning is read, and pixels leave it only when that is asked for. A file of a folder is known by its content; its
 * name says nothing.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cutFile } from '#core/dicom/cut.ts'
import type { Unreadable } from '#core/dicom/dataset.ts'
import { FAULTS } from '#core/faults/codes.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { DICOM_BOUNDARY } from '#core/gateway-api/media-types.ts'
import { listed } from './files.ts'
import { unreadable } from './input.ts'
import type { Source } from './source.ts'
import type { SourceRecord } from './source-record.ts'

/** What the gateway reads of a file by default; a file with more before its pixels is refused by both. */
const MAX_BYTES = 2 * 1024 * 1024
/** The largest body that a gateway can be configured for. */
const LARGEST_BODY = 256 * 1024 * 1024
const MAGIC_AT = 128
const MAGIC = 'DICM'
const HEAD = Buffer.from(`--${DICOM_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`)
/** Requests join their records by a line feed: with it this is the end of line that a boundary begins with. */
const TAIL = Buffer.from('\r')

/**
 * @param path a DICOM file, or a folder of them, also in folders of it
 * @param say told of the files of a folder that are left out
 * @param pixels whether whole files are sent, for a gateway that keeps them
 * @throws ConfigurationError when there is nothing to send
 */
export function dicomSource(path: string, say: (text: string) => void, pixels = false): Source {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw unreadable(path, 'there is no such file')
  const all = stat.isDirectory() ? listed(path).map((name) => join(path, name)) : [path]
  const files = stat.isDirectory() ? all.filter(isDicom) : all
  if (files.length < all.length) say(`${path}: ${all.length - files.length} files are no DICOM files and are not sent`)
  if (files.length === 0) throw unreadable(path, 'the folder has no DICOM file')
  const stats = files.map((file) => statSync(file))
  let done = 0
  return {
    path,
    format: 'dicom',
    // Of the folder as it is now: with one more file it is another one, and is sent from its start.
    size: stats.length,
    modified: stats.reduce((sum, { size, mtimeMs }) => sum + size + mtimeMs, 0),
    read: () => done,
    pathOf: () => undefined,
    placeOf: (line) => [files[line - 1] ?? path, 1],
    async *records() {
      for (const [i, file] of files.entries()) {
        done = i + 1
        yield recordOf(file, i + 1, pixels)
      }
    },
  }
}

function recordOf(file: string, line: number, pixels: boolean): SourceRecord {
  const cut = cutFile(beginningOf(file, MAX_BYTES + 1), MAX_BYTES)
  const sent = 'fault' in cut || !pixels ? cut : wholeFile(file)
  if (!('fault' in sent)) return { line, bytes: Buffer.concat([HEAD, sent, TAIL]) }
  const { fault: rule, tag: path } = sent
  return { line, refused: [{ pointer: '', rule, detail: FAULTS[rule].text, ...(path === undefined ? {} : { path }) }] }
}

/** One that no gateway accepts is refused here. */
function wholeFile(file: string): Buffer | Unreadable {
  const bytes = beginningOf(file, LARGEST_BODY + 1)
  return bytes.length > LARGEST_BODY ? { fault: 'record-too-large' } : bytes
}

function isDicom(file: string): boolean {
  return beginningOf(file, MAGIC_AT + MAGIC.length).toString('latin1', MAGIC_AT) === MAGIC
}

function beginningOf(file: string, bytes: number): Buffer {
  try {
    const handle = openSync(file, 'r')
    try {
      const buffer = Buffer.allocUnsafe(Math.min(bytes, statSync(file).size))
      let at = 0
      for (let read = -1; at < buffer.length && read !== 0; at += read)
        read = readSync(handle, buffer, at, buffer.length - at, at)
      return buffer.subarray(0, at)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    throw unreadable(file, errorCode(error))
  }
}
