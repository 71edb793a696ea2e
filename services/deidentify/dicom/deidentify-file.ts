/** A DICOM file (PS3.10) de-identified by the basic profile of PS3.15: data set, meta elements and preamble. Pixels are passed on byte for byte. */
import { deflateRawSync } from 'node:zlib'
import { readDataset } from '#core/dicom/dataset.ts'
import { encodingOf } from '#core/dicom/transfer-syntax.ts'
import { VERSION } from '#core/version.ts'
import { cleanElements, type Replacement, withText } from './clean.ts'
import { type Element, Malformed, PIXEL_DATA, readElements, writeElements } from './elements.ts'

/** Why a file is not passed on. */
export type FileReason = 'unreadable' | 'document' | 'no-pixels'

export type DeidentifiedFile = { readonly chunks: readonly Buffer[] } | { readonly reason: FileReason }

/** Encapsulated documents, and structured reports: text about the patient, which no table of elements cleans. */
const DOCUMENTS = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(?:104|88)\./
/** After decompression; one with more is not read. */
const MOST_BYTES = 256 * 1024 * 1024
const PIXELS: readonly number[] = [PIXEL_DATA, 0x7fe00008, 0x7fe00009]
const META: { readonly explicit: true; readonly little: true } = { explicit: true, little: true }
/** In the place of a preamble, which may hold a whole file of another format. */
const PREAMBLE = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])
/** A UUID of Chainon's own (PS3.5, B.2). */
const IMPLEMENTATION = '2.25.164254778117973927736931621206912822939'
/** PS3.16, CID 7050. */
const METHODS = [
  ['113100', 'Basic Application Confidentiality Profile'],
  ['113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
] as const

export function deidentifyFile(file: Buffer, by: Replacement): DeidentifiedFile {
  const dataset = readDataset(file, Math.max(file.length, MOST_BYTES))
  if ('fault' in dataset) return { reason: 'unreadable' }
  const { bytes, deflated, head, transferSyntax } = dataset
  const encoding = encodingOf(transferSyntax)
  const elements = elementsOf(deflated ? bytes : bytes.subarray(head.length), encoding)
  if (elements === undefined) return { reason: 'unreadable' }
  const sopClass = uidOf(elements, 0x00080016)
  if (sopClass === undefined) return { reason: 'unreadable' }
  if (DOCUMENTS.test(sopClass)) return { reason: 'document' }
  if (!elements.some(({ tag }) => PIXELS.includes(tag))) return { reason: 'no-pixels' }
  const cleaned = cleanElements(elements, by)
  const instance = uidOf(cleaned, 0x00080018)
  if (instance === undefined) return { reason: 'unreadable' }
  const added = marks(by)
  const tags = new Set(added.map(({ tag }) => tag))
  const written = writeElements([...cleaned.filter(({ tag }) => !tags.has(tag)), ...added], encoding)
  const meta = metaOf(sopClass, instance, transferSyntax)
  return { chunks: [PREAMBLE, ...meta, ...(deflated ? [deflateRawSync(Buffer.concat(written))] : written)] }
}

function elementsOf(bytes: Buffer, encoding: ReturnType<typeof encodingOf>): readonly Element[] | undefined {
  try {
    return readElements(bytes, encoding)
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

function uidOf(elements: readonly Element[], tag: number): string | undefined {
  const value = elements.find((element) => element.tag === tag)?.value
  const text = value && 'bytes' in value ? value.bytes.toString('latin1').replace(/[\0 ]+$/, '') : ''
  return /^[0-9.]{1,64}$/.test(text) ? text : undefined
}

/** What says that, and how, the data set was de-identified (PS3.15, E.1.1). */
function marks({ patientId }: Replacement): readonly Element[] {
  const text = (tag: number, vr: string, value: string) => withText({ tag, vr }, value)
  const code = ([value, meaning]: (typeof METHODS)[number]) => [
    text(0x00080100, 'SH', value),
    text(0x00080102, 'SH', 'DCM'),
    text(0x00080104, 'LO', meaning),
  ]
  return [
    text(0x00100020, 'LO', patientId),
    text(0x00120062, 'CS', 'YES'),
    text(0x00120063, 'LO', `Chainon ${VERSION}, PS3.15 basic profile`),
    { tag: 0x00120064, vr: 'SQ', value: { items: METHODS.map(code) } },
    text(0x00280303, 'CS', 'MODIFIED'),
  ]
}

/** Meta elements of our own: those of the source name its software and its machines. */
function metaOf(sopClass: string, instance: string, transferSyntax: string): readonly Buffer[] {
  const text = (tag: number, vr: string, value: string) => withText({ tag, vr }, value)
  const elements = [
    { tag: 0x00020001, vr: 'OB', value: { bytes: Buffer.from([0, 1]) } },
    text(0x00020002, 'UI', sopClass),
    text(0x00020003, 'UI', instance),
    text(0x00020010, 'UI', transferSyntax),
    text(0x00020012, 'UI', IMPLEMENTATION),
    text(0x00020013, 'SH', 'CHAINON'),
  ]
  const written = Buffer.concat(writeElements(elements, META))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(written.length)
  return [...writeElements([{ tag: 0x00020000, vr: 'UL', value: { bytes: length } }], META), written]
}
