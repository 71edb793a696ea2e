/** Looks for canaries in bytes, in every form that a program could have written by mistake. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { formsOf } from './forms.ts'

/** A canary, and the form in which it was found. */
export interface Found {
  readonly canary: string
  readonly form: string
}

export interface FolderScan {
  readonly found: readonly (Found & { readonly path: string })[]
  /** Files that were read, and their bytes. */
  readonly files: number
  readonly bytes: number
  /** Files and folders that cannot be read, with the code of the error; not those that are gone. */
  readonly unread: readonly { readonly path: string; readonly code: string }[]
}

export interface Scanner {
  /** @returns the canaries in the bytes */
  scan(bytes: Buffer): readonly Found[]
  /** @returns a function that scans pieces of one stream, one after the other: a canary that is cut by two pieces is found */
  stream(): (piece: Buffer) => readonly Found[]
  /** Like `scan`, for every file below a folder, except the files for which `skip` is true. */
  scanFolder(folder: string, skip: (path: string) => boolean): FolderScan
}

const PIECE_BYTES = 256 * 1024
/** Kafka creates its index files at their full size, mostly zeros. */
const ZEROS = Buffer.alloc(2 * PIECE_BYTES)

export function scannerFor(canaries: readonly string[]): Scanner {
  const exact = new Map<string, Found>()
  const folded = new Map<string, Found>()
  let longest = 0
  for (const canary of new Set(canaries)) {
    for (const form of formsOf(canary)) {
      const [map, needle] = form.exact ? [exact, form.bytes] : [folded, lowerCaseText(form.bytes)]
      if (!map.has(needle)) map.set(needle, { canary, form: form.name })
      longest = Math.max(longest, needle.length)
    }
  }
  const scan = finder(exact, folded)
  return {
    scan,
    stream() {
      let before = Buffer.alloc(0)
      return (piece) => {
        const bytes = Buffer.concat([before, piece])
        before = Buffer.from(bytes.subarray(Math.max(0, bytes.length - longest)))
        return scan(bytes)
      }
    },
    scanFolder: (folder, skip) => scanFiles(folder, skip, scan, longest),
  }
}

function scanFiles(
  folder: string,
  skip: (path: string) => boolean,
  scan: Scanner['scan'],
  longest: number,
): FolderScan {
  const found: (Found & { path: string })[] = []
  const unread: { path: string; code: string }[] = []
  let files = 0
  let bytes = 0
  const refused = (path: string, error: unknown) => {
    const code = errorCode(error)
    // A server can remove a file during the scan.
    if (code !== 'ENOENT') unread.push({ path, code })
  }
  const folders = [folder]
  for (let current = folders.pop(); current !== undefined; current = folders.pop()) {
    for (const entry of entriesOf(current, refused)) {
      const path = join(current, entry.name)
      if (entry.isDirectory()) folders.push(path)
      if (!entry.isFile() || skip(path)) continue
      files++
      try {
        for (const { fresh, piece } of pieces(path, longest)) {
          bytes += fresh
          if (piece) found.push(...scan(piece).map((one) => ({ ...one, path })))
        }
      } catch (error) {
        refused(path, error)
      }
    }
  }
  return { found, files, bytes, unread }
}

function entriesOf(folder: string, refused: (path: string, error: unknown) => void) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    refused(folder, error)
    return []
  }
}

const HEAD = 6
const SLOTS = 1 << 20

/** Bits of a slot: whether a needle begins so, and whether one goes on so from its third byte; as they are, and in lower case. */
const BITS = { exact: [1, 2], folded: [4, 8] } as const

type Needles = ReadonlyMap<string, Found>

/** Finds all needles in one pass: their first four bytes, and the four from the third on, exclude nearly every position. */
function finder(exact: Needles, folded: Needles): (bytes: Buffer) => readonly Found[] {
  const slots = new Uint8Array(SLOTS)
  const findExact = lookUp(exact, slots, BITS.exact)
  const findFolded = lookUp(folded, slots, BITS.folded)
  return (bytes) => {
    const found = new Set<Found>()
    // The last four bytes, and those that ended one and two bytes before.
    let [four, before, head] = [0, 0, 0]
    let [lowFour, lowBefore, lowHead] = [0, 0, 0]
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      head = before
      before = four
      four = (four >>> 8) | (byte << 24)
      lowHead = lowBefore
      lowBefore = lowFour
      lowFour = (lowFour >>> 8) | (lowerByte(byte) << 24)
      if (((slots[slotOf(head)] ?? 0) & 1) !== 0 && ((slots[slotOf(four)] ?? 0) & 2) !== 0)
        findExact(bytes, at, found, false)
      if (((slots[slotOf(lowHead)] ?? 0) & 4) !== 0 && ((slots[slotOf(lowFour)] ?? 0) & 8) !== 0)
        findFolded(bytes, at, found, true)
    }
    return [...found]
  }
}

/** Marks the needles' slots. @returns a function that adds the needles whose first bytes end at a position */
function lookUp(needles: Needles, slots: Uint8Array, [first, second]: readonly [number, number]) {
  const byHead = Map.groupBy(needles.keys(), (needle) => needle.slice(0, HEAD))
  const mark = (four: number, bit: number) => {
    const slot = slotOf(four)
    slots[slot] = (slots[slot] ?? 0) | bit
  }
  for (const needle of needles.keys()) {
    const bytes = Buffer.from(needle, 'latin1')
    mark(bytes.readInt32LE(0), first)
    mark(bytes.readInt32LE(HEAD - 4), second)
  }
  return (bytes: Buffer, at: number, found: Set<Found>, lower: boolean): void => {
    const start = at - HEAD + 1
    if (start < 0) return
    const textOf = (length: number) => {
      const text = bytes.toString('latin1', start, start + length)
      return lower ? lowerCaseText(text) : text
    }
    for (const needle of byHead.get(textOf(HEAD)) ?? []) {
      const one = needles.get(needle)
      if (one && textOf(needle.length) === needle) found.add(one)
    }
  }
}

const slotOf = (four: number) => (Math.imul(four, 0x9e3779b1) >>> 12) % SLOTS
const lowerByte = (byte: number) => (byte >= 65 && byte <= 90 ? byte + 32 : byte)

/** Of ASCII only: what is compared are bytes. */
const lowerCaseText = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/**
 * Reads a file in pieces that overlap by the longest needle, so that no needle is cut.
 *
 * @returns each piece, undefined for zeros, and how many of its bytes no piece before had
 */
function* pieces(path: string, overlap: number): Generator<{ readonly fresh: number; readonly piece?: Buffer }> {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(PIECE_BYTES + overlap)
    for (let at = 0; ; at += PIECE_BYTES) {
      const read = readSync(file, buffer, 0, buffer.length, at)
      if (read === 0) return
      const fresh = at === 0 ? read : Math.max(0, read - overlap)
      if (buffer.compare(ZEROS, 0, read, 0, read) === 0) yield { fresh }
      else yield { fresh, piece: buffer.subarray(0, read) }
    }
  } finally {
    closeSync(file)
  }
}
