/** One search of one kind of place: what was read of it, what was found, and what could not be read. */
import { errorCode } from '#core/faults/describe-failure.ts'
import type { Found, Scanner } from './scanner.ts'

export interface Hit extends Found {
  /** Where in the place: a topic, a table, a file. */
  readonly where: string
}

export interface PlaceReport {
  readonly place: string
  /** What was read, for people. */
  readonly read: string
  readonly bytes: number
  readonly hits: readonly Hit[]
  readonly unread: readonly { readonly what: string; readonly why: string }[]
  /** Whether the producer's name was seen, which must be where the records are: a search that sees nothing proves nothing. */
  readonly control: 'seen' | 'missing' | 'none'
}

export class Search {
  readonly #hits = new Map<string, Hit>()
  readonly #unread: { what: string; why: string }[] = []
  readonly #scanner: Scanner
  readonly #control: string
  #bytes = 0
  #seen = false

  /** @param control is among the scanner's values, and is no hit */
  constructor(scanner: Scanner, control: string) {
    this.#scanner = scanner
    this.#control = control
  }

  scan(where: string, ...parts: readonly (Buffer | string | null | undefined)[]): void {
    for (const part of parts) {
      if (part === null || part === undefined) continue
      const bytes = typeof part === 'string' ? Buffer.from(part) : part
      this.#bytes += bytes.length
      this.note(where, this.#scanner.scan(bytes))
    }
  }

  /** @returns a function for the pieces of one stream, in their order */
  stream(where: string): (piece: Buffer) => void {
    const scan = this.#scanner.stream()
    return (piece) => {
      this.#bytes += piece.length
      this.note(where, scan(piece))
    }
  }

  folder(folder: string, skip: (path: string) => boolean): number {
    const { bytes, files, found, unread } = this.#scanner.scanFolder(folder, skip)
    this.#bytes += bytes
    for (const { path, ...one } of found) this.note(path, [one])
    for (const { path, code } of unread) this.unread(path, code)
    return files
  }

  note(where: string, found: readonly Found[]): void {
    for (const one of found) {
      if (one.canary === this.#control) this.#seen = true
      else this.#hits.set(JSON.stringify([where, one.canary, one.form]), { ...one, where })
    }
  }

  unread(what: string, why: unknown): void {
    this.#unread.push({ what, why: typeof why === 'string' ? why : errorCode(why) })
  }

  /** @param control whether the producer's name must be there */
  report(place: string, read: string, control: boolean): PlaceReport {
    return {
      place,
      read,
      bytes: this.#bytes,
      hits: [...this.#hits.values()],
      unread: this.#unread,
      control: control ? (this.#seen ? 'seen' : 'missing') : 'none',
    }
  }
}
