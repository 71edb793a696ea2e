/** Values of elements, by their representation (PS3.5, 6.2). An empty value is none. */
import type { Element } from 'dicom-parser'
import type { Elements } from '#core/dicom/dataset.ts'
import type { Decode } from './charset.ts'
import { Refusal } from './refusal.ts'

/** Representations of texts: senders write one in the place of another, and it reads the same. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'LO', 'LT', 'PN', 'SH', 'ST', 'TM', 'UC', 'UI', 'UN', 'UR', 'UT'],
])
const NUMBERS = { US: 2, FL: 4, FD: 8 } as const
const MAX_TEXT_BYTES = 4096
const UID = /^[0-9.]{1,64}$/
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const INTEGER = /^[+-]?\d{1,10}$/
const LARGEST_INTEGER = 2 ** 31 - 1

/** @param tag `(0010,0020)` */
function elementOf({ elements }: Elements, tag: string): Element | undefined {
  return elements[`x${tag.slice(1, 5)}${tag.slice(6, 10)}`.toLowerCase()]
}

/** @returns `(0010,0020)` @param key `x00100020` */
export function tagOf(key: string): string {
  return `(${key.slice(1, 5)},${key.slice(5, 9)})`.toUpperCase()
}

/** @returns the first item of the sequence of each tag, one in the other; undefined when one is missing */
export function firstItem(of: Elements, ...tags: readonly string[]): Elements | undefined {
  let at: Elements | undefined = of
  for (const tag of tags) at = at && itemsOf(at, tag)[0]
  return at
}

export function itemsOf(of: Elements, tag: string): readonly Elements[] {
  const { bytes, parser } = of
  return (elementOf(of, tag)?.items ?? []).flatMap(({ dataSet }) =>
    dataSet ? [{ bytes, parser, elements: dataSet.elements }] : [],
  )
}

/** @returns bytes of an element with a value; a refusal of one that is incomplete, too long, or of another representation */
function bytesOf(of: Elements, tag: string, vrs: ReadonlySet<string>): Buffer | undefined | Refusal {
  const element = elementOf(of, tag)
  if (element === undefined || element.length === 0) return undefined
  const { vr, length, dataOffset } = element
  if (vr !== undefined && !vrs.has(vr)) return new Refusal('type', tag)
  if (dataOffset + length > of.bytes.length) return new Refusal('malformed-dicom', tag)
  return length > MAX_TEXT_BYTES ? new Refusal('max-length', tag) : of.bytes.subarray(dataOffset, dataOffset + length)
}

/** @returns the text without the spaces and zeros that pad it; undefined for none */
export function textOf(of: Elements, tag: string, decode: Decode): string | undefined | Refusal {
  const bytes = bytesOf(of, tag, TEXTS)
  if (bytes === undefined || bytes instanceof Refusal) return bytes
  const text = decode(bytes)
  if (text === undefined) return new Refusal('charset', tag)
  return text.replace(/[\0 ]+$/, '').trimStart() || undefined
}

const latin1: Decode = (bytes) => bytes.toString('latin1')

/** @param at position among several values @returns the value of a code, a time or a number in figures, which are of ASCII in every set */
export function plainOf(of: Elements, tag: string, at = 0): string | undefined | Refusal {
  const text = textOf(of, tag, latin1)
  return typeof text === 'string' ? text.split('\\')[at]?.trim() || undefined : text
}

export function uidOf(of: Elements, tag: string): string | undefined | Refusal {
  const text = plainOf(of, tag)
  return typeof text === 'string' && !UID.test(text) ? new Refusal('type', tag) : text
}

/** @returns a number in figures (DS) */
export function decimalOf(of: Elements, tag: string, at = 0): number | undefined | Refusal {
  return numberOf(of, tag, at, (text) => DECIMAL.test(text) && Number.isFinite(Number(text)))
}

/** @returns a whole number in figures (IS) */
export function integerOf(of: Elements, tag: string): number | undefined | Refusal {
  return numberOf(of, tag, 0, (text) => INTEGER.test(text) && Math.abs(Number(text)) <= LARGEST_INTEGER)
}

function numberOf(of: Elements, tag: string, at: number, isNumber: (text: string) => boolean) {
  const text = plainOf(of, tag, at)
  if (typeof text !== 'string') return text
  return isNumber(text) ? Number(text) : new Refusal('type', tag)
}

/** @returns the first binary number of an element */
export function binaryOf(of: Elements, tag: string, vr: keyof typeof NUMBERS): number | undefined | Refusal {
  const bytes = bytesOf(of, tag, new Set([vr, 'UN']))
  if (bytes === undefined || bytes instanceof Refusal) return bytes
  if (bytes.length % NUMBERS[vr] !== 0) return new Refusal('type', tag)
  const { parser } = of
  const value =
    vr === 'US' ? parser.readUint16(bytes, 0) : vr === 'FL' ? parser.readFloat(bytes, 0) : parser.readDouble(bytes, 0)
  return Number.isFinite(value) ? value : new Refusal('type', tag)
}
