/** Looks for canaries in bytes, in every form that a program could have written by mistake. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

export interface Scanner {
  /** @returns the canaries in the bytes, each with its form */
  scan(bytes: Buffer): readonly string[]
  /** Like `scan`, for every file below a folder, except the files for which `skip` is true. */
  scanFolder(folder: string, skip: (path: string) => boolean): readonly string[]
}

const PIECE_BYTES = 256 * 1024
/** Kafka creates its index files at their full size, mostly zeros. */
const ZEROS = Buffer.alloc(2 * PIECE_BYTES)

export function scannerFor(canaries: readonly string[]): Scanner {
  const exact = new Map<string, string>()
  const folded = new Map<string, string>()
  let longest = 0
  for (const canary of new Set(canaries)) {
    for (const [form, needle] of formsOf(canary)) {
      const map = form.startsWith('base64') ? exact : folded
      map.set(map === folded ? needle.toLowerCase() : needle, `${canary} (${form})`)
      longest = Math.max(longest, needle.length)
    }
  }
  const [findExact, findFolded] = [finder(exact), finder(folded)]
  const scan = (bytes: Buffer) => [...findExact(bytes), ...findFolded(lowerCase(bytes))]
  return {
    scan,
    scanFolder(folder, skip) {
      const found: string[] = []
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name)
        if (!entry.isFile() || skip(path)) continue
        for (const piece of pieces(path, longest)) found.push(...scan(piece).map((one) => `${path}: ${one}`))
      }
      return found
    },
  }
}

/** The forms of a text as strings of bytes; base64 in its three possible alignments. */
function* formsOf(canary: string): Generator<[string, string]> {
  const bytes = Buffer.from(canary)
  yield ['as it is, in any case', canary]
  yield ['URL-encoded', encodeURIComponent(canary)]
  // Without its last zero byte the text is found in both byte orders.
  yield ['UTF-16', Buffer.from(canary, 'utf16le').toString('latin1').slice(0, -1)]
  for (const text of [canary, canary.toLowerCase(), canary.toUpperCase()]) {
    yield ['hexadecimal', Buffer.from(text).toString('hex')]
    for (const shift of [0, 1, 2]) {
      const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64url')
      // The first and last characters also contain bits of the neighbouring bytes.
      const inner = whole.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 8) / 6))
      yield ['base64url', inner]
      yield ['base64', inner.replaceAll('-', '+').replaceAll('_', '/')]
    }
  }
}

const HEAD = 6
const SLOTS = 1 << 20

/** Finds all needles in one pass: a table of their first four bytes excludes nearly every position. */
function finder(needles: ReadonlyMap<string, string>): (bytes: Buffer) => string[] {
  const byHead = Map.groupBy(needles.keys(), (needle) => needle.slice(0, HEAD))
  const slots = new Uint8Array(SLOTS)
  for (const needle of needles.keys()) slots[slotOf(Buffer.from(needle, 'latin1').readInt32LE(0))] = 1
  return (bytes) => {
    const found = new Set<string>()
    const last = bytes.length - HEAD
    for (let at = 0, four = 0; at < bytes.length; at++) {
      four = (four >>> 8) | ((bytes[at] ?? 0) << 24)
      const start = at - 3
      if (start < 0 || start > last || slots[slotOf(four)] === 0) continue
      for (const needle of byHead.get(bytes.toString('latin1', start, start + HEAD)) ?? []) {
        if (bytes.toString('latin1', start, start + needle.length) === needle) found.add(needles.get(needle) ?? needle)
      }
    }
    return [...found]
  }
}

const slotOf = (four: number) => (Math.imul(four, 0x9e3779b1) >>> 12) % SLOTS

function lowerCase(bytes: Buffer): Buffer {
  const lower = Buffer.from(bytes)
  for (let at = 0; at < lower.length; at++) {
    const byte = lower[at] ?? 0
    if (byte >= 65 && byte <= 90) lower[at] = byte + 32
  }
  return lower
}

/** Reads a file in pieces that overlap by the longest needle, so that no needle is cut. */
function* pieces(path: string, overlap: number): Generator<Buffer> {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    // A server can remove a file during the scan.
    return
  }
  try {
    const buffer = Buffer.alloc(PIECE_BYTES + overlap)
    for (let at = 0; ; at += PIECE_BYTES) {
      const read = readSync(file, buffer, 0, buffer.length, at)
      if (read === 0) return
      if (buffer.compare(ZEROS, 0, read, 0, read) !== 0) yield buffer.subarray(0, read)
    }
  } finally {
    closeSync(file)
  }
}
