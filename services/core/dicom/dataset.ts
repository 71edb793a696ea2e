/**
 * Reads the elements of a DICOM file (PS3.10) up to those of single frames, waveforms, overlays and pixels, which are never looked at. The
 * elements are read by `dicom-parser`; the loop over them is here, because the library's own misreads the representations OV, SV and UV, inflates without a
 * bound and takes elements in any order.
 */
import { inflateRawSync } from 'node:zlib'
import dicomParser, { type ByteArrayParser, type ByteStream, type Element } from 'dicom-parser'
import type { RecordFault } from '../faults/codes.ts'
import { BIG_ENDIAN, IMPLICIT } from './transfer-syntax.ts'

/** Why a file cannot be read. */
export interface Unreadable {
  readonly fault: RecordFault
  /** Of the element, as in the standard, `(0002,0010)`; undefined for the file as a whole. */
  readonly tag?: string
}

/** Elements of a data set or of an item of a sequence; positions are in `bytes`. */
export interface Elements {
  readonly bytes: Buffer
  readonly parser: ByteArrayParser
  /** By tag, `x00100020`. */
  readonly elements: Readonly<Record<string, Element>>
}

export interface Dataset extends Elements {
  readonly transferSyntax: string
  /** Where what is read ends in `bytes`. */
  readonly end: number
  /** Bytes of the file before its data set. */
  readonly head: Buffer
  readonly deflated: boolean
}

const PREAMBLE_BYTES = 128
const META_START = PREAMBLE_BYTES + 4
const META_GROUP = 2
const TRANSFER_SYNTAX = 'x00020010'
/** Of which the data set is deflated, and not only its frames. */
const DEFLATED: readonly string[] = ['1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.4.95', '1.2.840.10008.1.2.4.205']
/** All others of the standard are explicit and little-endian (PS3.5 A); one of a vendor may be anything. */
const STANDARD = /^1\.2\.840\.10008\.1\.2(?:\.\d{1,3}){0,3}$/
/** The functional groups of single frames; waveforms, overlays and pixels come after them. */
const END = 'x52009230'
/** Tag, representation, two bytes and a length of four; the library knows only the representations of before 2019. */
const LONG_VRS: ReadonlySet<string> = new Set(['OV', 'SV', 'UV'])
const LONG_HEADER_BYTES = 12
const SHORTEST_ELEMENT_BYTES = 8

/** @param maxBytes of the elements that are read, after decompression */
export function readDataset(file: Buffer, maxBytes: number): Dataset | Unreadable {
  if (file.toString('latin1', PREAMBLE_BYTES, META_START) !== 'DICM') return { fault: 'malformed-dicom' }
  const start = file.subarray(0, maxBytes)
  const tooLarge = file.length > maxBytes
  try {
    const meta = readMeta(start)
    const transferSyntax = meta.syntax
    if (transferSyntax === undefined) return { fault: 'required', tag: '(0002,0010)' }
    if (!STANDARD.test(transferSyntax)) return { fault: 'unsupported-transfer-syntax', tag: '(0002,0010)' }
    const deflated = DEFLATED.includes(transferSyntax)
    const bytes = deflated ? inflateRawSync(file.subarray(meta.end), { maxOutputLength: maxBytes }) : start
    const parser =
      transferSyntax === BIG_ENDIAN ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser
    const stream = new dicomParser.ByteStream(parser, bytes, deflated ? 0 : meta.end)
    const elements = readElements(stream, bytes, transferSyntax !== IMPLICIT)
    if (elements === undefined) return { fault: tooLarge && !deflated ? 'record-too-large' : 'malformed-dicom' }
    // A file whose bytes end at the bound says nothing of what comes after it.
    if (tooLarge && !deflated && stream.position >= bytes.length) return { fault: 'record-too-large' }
    return { bytes, parser, elements, transferSyntax, end: stream.position, head: file.subarray(0, meta.end), deflated }
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ERR_BUFFER_TOO_LARGE')
      return { fault: 'record-too-large' }
    // What the library throws (a text, or a RangeError for sequences that are nested too deeply) says of the file that it cannot be read.
    return { fault: tooLarge ? 'record-too-large' : 'malformed-dicom' }
  }
}

/** The file's own elements, of group 2, are always explicit and little-endian (PS3.10, 7.1). */
function readMeta(bytes: Buffer): { readonly syntax: string | undefined; readonly end: number } {
  const stream = new dicomParser.ByteStream(dicomParser.littleEndianByteArrayParser, bytes, META_START)
  let syntax: string | undefined
  while (isInside(stream, bytes) && bytes.readUInt16LE(stream.position) === META_GROUP) {
    const { tag, dataOffset, length } = dicomParser.readDicomElementExplicit(stream, [])
    if (stream.position > bytes.length) throw new RangeError('a meta element is incomplete')
    if (tag === TRANSFER_SYNTAX) syntax = textAt(bytes, dataOffset, length)
  }
  return { syntax, end: stream.position }
}

/** @returns undefined when an element is incomplete, has no representation, or is not behind the one before it (PS3.5, 7.1) */
function readElements(
  stream: ByteStream,
  bytes: Buffer,
  explicit: boolean,
): Readonly<Record<string, Element>> | undefined {
  const elements: Record<string, Element> = Object.create(null)
  let last = ''
  while (stream.position < bytes.length) {
    if (!isInside(stream, bytes)) return undefined
    const start = stream.position
    const tag = dicomParser.readTag(stream)
    stream.seek(-4)
    if (tag >= END) return elements
    if (tag <= last) return undefined
    last = tag
    const vr = bytes.toString('latin1', start + 4, start + 6)
    if (explicit && !/^[A-Z]{2}$/.test(vr)) return undefined
    elements[tag] = !explicit
      ? dicomParser.readDicomElementImplicit(stream)
      : LONG_VRS.has(vr)
        ? skipLong(stream, tag, vr)
        : dicomParser.readDicomElementExplicit(stream, [])
    if (stream.position > bytes.length) return undefined
  }
  return elements
}

function skipLong(stream: ByteStream, tag: string, vr: string): Element {
  stream.seek(LONG_HEADER_BYTES - 4)
  const length = stream.readUint32()
  const dataOffset = stream.position
  stream.seek(length)
  return { tag, vr, length, dataOffset }
}

function isInside(stream: ByteStream, bytes: Buffer): boolean {
  return stream.position + SHORTEST_ELEMENT_BYTES <= bytes.length
}

function textAt(bytes: Buffer, from: number, length: number): string {
  return bytes.toString('latin1', from, from + length).replace(/[\0 ]+$/, '')
}
