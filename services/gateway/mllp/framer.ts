/**
 * Frames of MLLP (HL7 2.5 implementation support guide, C.4): `VT message FS CR`. Bytes come in pieces of any size. What is wrong with one frame
 * ends with it: the next one is read again.
 */
const VT = 0x0b
const FS = 0x1c
const CR = 0x0d
const LF = 0x0a
/** Of a frame that is too large, enough is kept to answer it. */
const HEAD_BYTES = 4096

export type Framed =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** Discarded, because it is longer than allowed, or because there was no room for it: its beginning names it. */
  | { readonly kind: 'too-large' | 'no-room'; readonly head: Buffer }
  /** Another frame began before this one ended. */
  | { readonly kind: 'truncated' }
  /** Bytes between frames; each piece of them counts once. */
  | { readonly kind: 'stray' }

export class Framer {
  readonly #maxBytes: number
  #open = false
  /** The bytes of the frame, doubled when it is full: a sender may send them one by one. */
  #buffer = Buffer.alloc(0)
  #length = 0
  #discards: 'too-large' | 'no-room' | undefined
  /** The piece before ended with FS. */
  #endsWithFs = false

  /** @param maxBytes longest message, without its frame */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes in memory for the frame that is not complete yet. */
  get bytes(): number {
    return this.#buffer.length
  }

  /** Whether a frame has begun and not ended. */
  get open(): boolean {
    return this.#open
  }

  /** @returns the frames that end in this piece, and what is wrong with it, in their order */
  *push(piece: Buffer): Generator<Framed> {
    let at = 0
    while (at < piece.length) {
      if (!this.#open) {
        const start = piece.indexOf(VT, at)
        const between = piece.subarray(at, start === -1 ? undefined : start)
        // Some senders write a line end after each frame.
        if (between.some((byte) => byte !== CR && byte !== LF)) yield { kind: 'stray' }
        if (start === -1) return
        this.#begin()
        at = start + 1
        continue
      }
      const end = this.#endOf(piece, at)
      const next = piece.indexOf(VT, at)
      if (next !== -1 && (end === -1 || next < end)) {
        yield { kind: 'truncated' }
        this.#begin()
        at = next + 1
      } else if (end === -1) {
        this.#take(piece.subarray(at))
        this.#endsWithFs = piece.at(-1) === FS
        return
      } else {
        this.#take(piece.subarray(at, end))
        at = end + 1
        yield this.#finish()
      }
    }
  }

  /** Discards what is not complete yet but its beginning, until its end. */
  discard(reason: 'too-large' | 'no-room'): void {
    if (!this.#open || this.#discards !== undefined) return
    this.#discards = reason
    this.#length = Math.min(this.#length, HEAD_BYTES)
    this.#buffer = Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  #begin(): void {
    this.#open = true
    this.#buffer = Buffer.alloc(0)
    this.#length = 0
    this.#discards = undefined
    this.#endsWithFs = false
  }

  /** @returns the place of the CR that ends the frame, or -1 */
  #endOf(piece: Buffer, from: number): number {
    if (this.#endsWithFs && piece[from] === CR) return from
    for (let fs = piece.indexOf(FS, from); fs !== -1; fs = piece.indexOf(FS, fs + 1))
      if (piece[fs + 1] === CR) return fs + 1
    return -1
  }

  #take(piece: Buffer): void {
    this.#endsWithFs = false
    const wanted = this.#length + piece.length
    // With the FS, which may be in it.
    const most = this.#discards === undefined ? this.#maxBytes + 1 : HEAD_BYTES
    const kept = piece.subarray(0, Math.max(0, most - this.#length))
    if (this.#length + kept.length > this.#buffer.length) {
      const grown = Buffer.alloc(Math.min(most, Math.max(wanted, this.#buffer.length * 2)))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    kept.copy(this.#buffer, this.#length)
    this.#length += kept.length
    if (wanted > most) this.discard('too-large')
  }

  #finish(): Framed {
    const kind = this.#discards
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#open = false
    this.#buffer = Buffer.alloc(0)
    return kind === undefined ? { kind: 'message', bytes: bytes.subarray(0, -1) } : { kind, head: bytes }
  }
}

/** @param message ER7, its segments end with CR */
export function frame(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(VT), message, Buffer.of(FS, CR)])
}
