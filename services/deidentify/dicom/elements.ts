/**
 * The elements of a whole data set (PS3.5, 7), pixels too, as they are read and written. Nothing is decoded but what structures it: values stay
 * the bytes that they were.
 */
import { vrOf } from './dictionary.ts'

/** How a data set is encoded; what is written has the encoding of what was read, so that pixels need no change. */
export interface Encoding {
  readonly explicit: boolean
  readonly little: boolean
}

export interface Element {
  /** Group and element, as in 0x00100020. */
  readonly tag: number
  /** As written in the file; undefined for implicit representations. */
  readonly vr: string | undefined
  readonly value: Value
}

export type Value =
  | { readonly bytes: Buffer }
  | { readonly items: readonly (readonly Element[])[] }
  /** Pixels in fragments (PS3.5, A.4), with the items around them, up to the delimiter of the sequence. */
  | { readonly fragments: Buffer }

/** The file is not as the standard says. It says nothing of the file. */
export class Malformed extends Error {}

const ITEM = 0xfffee000
const ITEM_END = 0xfffee00d
const SEQUENCE_END = 0xfffee0dd
export const PIXEL_DATA = 0x7fe00010
const UNDEFINED = 0xffffffff
const DEEPEST = 32
/** Enhanced objects have some hundred for each of a few thousand frames; each takes more memory than its bytes. */
const MOST_ELEMENTS = 500_000
const TAG_AND_LENGTH = 8
/** Representations with a length of four bytes (PS3.5, 7.1.2). */
const LONG: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))
const SHORT: ReadonlySet<string> = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '))
/** Sequences of an unknown representation are always written so (PS3.5, 6.2.2). */
const IMPLICIT: Encoding = { explicit: false, little: true }

interface Header {
  readonly tag: number
  readonly vr: string | undefined
  readonly length: number
}

/** @param bytes of the data set alone @throws Malformed */
export function readElements(bytes: Buffer, encoding: Encoding): readonly Element[] {
  const reader = new Reader(bytes)
  const elements = reader.elements(encoding, bytes.length, 0)
  if (reader.at !== bytes.length) throw new Malformed('the data set ends within an element')
  return elements
}

class Reader {
  at = 0
  #elements = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** @param end of what may be read; an item without a length ends with its delimiter before @param depth of items */
  elements(encoding: Encoding, end: number, depth: number, untilDelimiter = false): readonly Element[] {
    if (depth > DEEPEST) throw new Malformed('items are nested too deeply')
    const found: Element[] = []
    let last = -1
    while (this.at < end) {
      this.#count()
      const { tag, vr, length } = this.#header(encoding, end)
      if (tag === ITEM_END && untilDelimiter) return found
      if (tag <= last) throw new Malformed('elements are not in the order of their tags')
      last = tag
      found.push({ tag, vr, value: this.#value({ tag, vr, length }, encoding, end, depth) })
    }
    if (untilDelimiter) throw new Malformed('an item has no end')
    return found
  }

  #value({ tag, vr, length }: Header, encoding: Encoding, end: number, depth: number): Value {
    const isSequence = vr === 'SQ' || (vr === undefined && vrOf(tag) === 'SQ')
    if (length !== UNDEFINED) {
      const limit = this.at + length
      if (limit > end) throw new Malformed('a value is incomplete')
      return isSequence ? { items: this.#items(encoding, limit, depth) } : { bytes: this.#take(length, end) }
    }
    if (tag === PIXEL_DATA && (vr === 'OB' || vr === 'OW')) return { fragments: this.#fragments(encoding, end) }
    if (vr === 'UN') return { items: this.#items(IMPLICIT, end, depth, true) }
    if (isSequence || vr === undefined) return { items: this.#items(encoding, end, depth, true) }
    throw new Malformed('a value has no length')
  }

  #items(encoding: Encoding, end: number, depth: number, untilDelimiter = false) {
    const items: (readonly Element[])[] = []
    while (this.at < end) {
      const { tag, length } = this.#mark(encoding, end)
      if (tag === SEQUENCE_END && untilDelimiter) return items
      if (tag !== ITEM) throw new Malformed('a sequence has something else than items')
      const open = length === UNDEFINED
      const limit = open ? end : this.at + length
      if (limit > end) throw new Malformed('an item is incomplete')
      this.#count()
      items.push(this.elements(encoding, limit, depth + 1, open))
    }
    if (untilDelimiter) throw new Malformed('a sequence has no end')
    return items
  }

  #count(): void {
    if (++this.#elements > MOST_ELEMENTS) throw new Malformed('there are too many elements')
  }

  #fragments(encoding: Encoding, end: number): Buffer {
    const from = this.at
    for (;;) {
      const { tag, length } = this.#mark(encoding, end)
      if (tag === SEQUENCE_END) return this.#bytes.subarray(from, this.at - TAG_AND_LENGTH)
      if (tag !== ITEM || length === UNDEFINED) throw new Malformed('pixels are not in fragments')
      this.#take(length, end)
    }
  }

  #header(encoding: Encoding, end: number): Header {
    if (!encoding.explicit) return this.#mark(encoding, end)
    const tag = this.#tag(encoding, end)
    // The delimiters have no representation.
    if (tag >>> 16 === 0xfffe) return { tag, vr: undefined, length: this.#number(4, encoding, end) }
    const vr = this.#take(2, end).toString('latin1')
    if (LONG.has(vr)) {
      this.#take(2, end)
      return { tag, vr, length: this.#number(4, encoding, end) }
    }
    if (!SHORT.has(vr)) throw new Malformed('an element has no representation')
    return { tag, vr, length: this.#number(2, encoding, end) }
  }

  #mark(encoding: Encoding, end: number): Header {
    return { tag: this.#tag(encoding, end), vr: undefined, length: this.#number(4, encoding, end) }
  }

  #tag(encoding: Encoding, end: number): number {
    return this.#number(2, encoding, end) * 0x10000 + this.#number(2, encoding, end)
  }

  #number(size: number, { little }: Encoding, end: number): number {
    const bytes = this.#take(size, end)
    return little ? bytes.readUIntLE(0, size) : bytes.readUIntBE(0, size)
  }

  #take(length: number, end: number): Buffer {
    if (this.at + length > end) throw new Malformed('an element is incomplete')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }
}

/** @returns the pieces of the data set in order; sequences and items end with delimiters. Values are not copied. */
export function writeElements(elements: readonly Element[], encoding: Encoding): Buffer[] {
  return elements.toSorted((a, b) => a.tag - b.tag).flatMap((element) => writeElement(element, encoding))
}

function writeElement({ tag, vr, value }: Element, encoding: Encoding): Buffer[] {
  if ('bytes' in value) return [header(tag, vr, value.bytes.length, encoding), value.bytes]
  const open = header(tag, vr, UNDEFINED, encoding)
  const end = header(SEQUENCE_END, undefined, 0, encoding)
  if ('fragments' in value) return [open, value.fragments, end]
  const items = value.items.flatMap((item) => [
    header(ITEM, undefined, UNDEFINED, encoding),
    ...writeElements(item, encoding),
    header(ITEM_END, undefined, 0, encoding),
  ])
  return [open, ...items, end]
}

function header(tag: number, vr: string | undefined, length: number, { explicit, little }: Encoding): Buffer {
  const bytes = Buffer.alloc(12)
  const write = (value: number, at: number, size: number) =>
    little ? bytes.writeUIntLE(value, at, size) : bytes.writeUIntBE(value, at, size)
  write(tag >>> 16, 0, 2)
  write(tag & 0xffff, 2, 2)
  if (!explicit || tag >>> 16 === 0xfffe) {
    write(length, 4, 4)
    return bytes.subarray(0, 8)
  }
  if (vr === undefined) throw new Error('an element has no representation')
  bytes.write(vr, 4, 'latin1')
  if (LONG.has(vr)) {
    write(length, 8, 4)
    return bytes
  }
  write(length, 6, 2)
  return bytes.subarray(0, 8)
}
