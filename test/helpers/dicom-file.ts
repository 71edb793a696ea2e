/** Writes small DICOM files (PS3.10) for the tests, without a library: what reads them must not be what wrote them. */
import { deflateRawSync } from 'node:zlib'

/** Items of a sequence, a text, bytes, or numbers of the element's representation. */
export type Value = string | Buffer | readonly number[] | readonly Elements[]
/** By tag, `(0010,0020)`; the representation and the value. */
export type Elements = Readonly<Record<string, readonly [vr: string, value: Value]>>

export interface FileOptions {
  readonly syntax?: string
  /** Sequences and items end with a delimiter, and not after a length. */
  readonly undefinedLengths?: boolean
}

export const SYNTAX = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
} as const

const LONG = ['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']
const UNDEFINED = 0xffffffff

interface Form {
  readonly explicit: boolean
  readonly little: boolean
  readonly open: boolean
}

/** @returns the whole file: preamble, meta elements and data set, in the order of the tags */
export function dicomFile(
  elements: Elements,
  { syntax = SYNTAX.explicit, undefinedLengths = false }: FileOptions = {},
) {
  const plain = { explicit: true, little: true, open: false }
  const meta = write({ '(0002,0010)': ['UI', syntax] }, plain)
  const length = write({ '(0002,0000)': ['UL', [meta.length]] }, plain)
  const form = {
    explicit: syntax !== SYNTAX.implicit,
    little: syntax !== SYNTAX.bigEndian,
    open: undefinedLengths,
  }
  const dataset = write(elements, form)
  const written = syntax === SYNTAX.deflated ? deflateRawSync(dataset) : dataset
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, written])
}

function write(elements: Elements, form: Form): Buffer {
  const tags = Object.keys(elements).toSorted()
  return Buffer.concat(tags.map((tag) => element(tag, ...(elements[tag] as readonly [string, Value]), form)))
}

function element(tag: string, vr: string, value: Value, form: Form): Buffer {
  const numbers = [Number.parseInt(tag.slice(1, 5), 16), Number.parseInt(tag.slice(6, 10), 16)]
  const name = Buffer.concat(numbers.map((one) => number(one, 2, form)))
  const body = bytesOf(vr, value, form)
  const open = vr === 'SQ' && form.open
  const length = open ? UNDEFINED : body.length
  const end = open ? delimiter(0xe0dd, form) : Buffer.alloc(0)
  if (!form.explicit) return Buffer.concat([name, number(length, 4, form), body, end])
  const size = LONG.includes(vr) ? Buffer.concat([Buffer.alloc(2), number(length, 4, form)]) : number(length, 2, form)
  return Buffer.concat([name, Buffer.from(vr), size, body, end])
}

function bytesOf(vr: string, value: Value, form: Form): Buffer {
  if (typeof value === 'string' || Buffer.isBuffer(value)) {
    const bytes = Buffer.from(value as string)
    const pad = vr === 'UI' || vr === 'OB' || vr === 'UN' ? '\0' : ' '
    return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(pad)])
  }
  if (vr !== 'SQ') return Buffer.concat((value as readonly number[]).map((one) => numberOf(vr, one, form)))
  return Buffer.concat(
    (value as readonly Elements[]).flatMap((item) => {
      const body = write(item, form)
      const start = [number(0xfffe, 2, form), number(0xe000, 2, form)]
      return form.open
        ? [...start, number(UNDEFINED, 4, form), body, delimiter(0xe00d, form)]
        : [...start, number(body.length, 4, form), body]
    }),
  )
}

function numberOf(vr: string, value: number, form: Form): Buffer {
  if (vr === 'FD') {
    const bytes = Buffer.alloc(8)
    if (form.little) bytes.writeDoubleLE(value)
    else bytes.writeDoubleBE(value)
    return bytes
  }
  return number(value, vr === 'US' ? 2 : 4, form)
}

function delimiter(tag: number, form: Form): Buffer {
  return Buffer.concat([number(0xfffe, 2, form), number(tag, 2, form), Buffer.alloc(4)])
}

function number(value: number, size: 2 | 4, { little }: Form): Buffer {
  const bytes = Buffer.alloc(size)
  if (little) bytes.writeUIntLE(value, 0, size)
  else bytes.writeUIntBE(value, 0, size)
  return bytes
}

/** A slice of computed tomography of an invented patient, with four pixels. */
export function slice(more: Elements = {}): Elements {
  return {
    '(0008,0005)': ['CS', 'ISO_IR 192'],
    '(0008,0008)': ['CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.2'],
    '(0008,0018)': ['UI', '1.2.826.0.1.3680043.8.498.1'],
    '(0008,0020)': ['DA', '20250201'],
    '(0008,0022)': ['DA', '20250201'],
    '(0008,0030)': ['TM', '0759'],
    '(0008,0032)': ['TM', '080102.123456'],
    '(0008,0050)': ['SH', 'A-2025-7'],
    '(0008,0060)': ['CS', 'CT'],
    '(0008,0070)': ['LO', 'ACME'],
    '(0008,1030)': ['LO', 'TDM thorax injecté'],
    '(0008,103E)': ['LO', 'Parenchyme 1 mm'],
    '(0009,0010)': ['LO', 'ACME 1'],
    '(0010,0010)': ['PN', 'DUPONT^MARIE'],
    '(0010,0020)': ['LO', '8000123'],
    '(0010,0030)': ['DA', '19790315'],
    '(0018,0015)': ['CS', 'CHEST'],
    '(0018,0050)': ['DS', '1.25'],
    '(0018,0060)': ['DS', '120'],
    '(0018,1030)': ['LO', 'Thorax'],
    '(0018,1150)': ['IS', '500'],
    '(0018,1151)': ['IS', '210'],
    '(0018,1152)': ['IS', '105'],
    '(0018,5100)': ['CS', 'HFS'],
    '(0018,9345)': ['FD', [7.5]],
    '(0020,000D)': ['UI', '1.2.826.0.1.3680043.8.498.2'],
    '(0020,000E)': ['UI', '1.2.826.0.1.3680043.8.498.3'],
    '(0020,0011)': ['IS', '2'],
    '(0020,0013)': ['IS', '17'],
    '(0028,0002)': ['US', [1]],
    '(0028,0004)': ['CS', 'MONOCHROME2'],
    '(0028,0010)': ['US', [2]],
    '(0028,0011)': ['US', [2]],
    '(0028,0030)': ['DS', '0.7\\0.8'],
    '(0028,0100)': ['US', [16]],
    '(0028,0101)': ['US', [12]],
    '(0038,0010)': ['LO', 'NDA77'],
    '(7FE0,0010)': ['OW', Buffer.from('pixels!!')],
    ...more,
  }
}
