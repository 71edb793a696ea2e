/** DICOM files as items: each becomes a record of `imaging`, or is refused with its tag and its rule. */

import { type Dataset, readDataset } from '#core/dicom/dataset.ts'
import type { OnUnmapped } from '../../ingest/unmapped.ts'
import type { Settings } from '../hl7/settings.ts'
import type { Item } from '../item.ts'
import { decoderOf } from './charset.ts'
import { imagingItem } from './imaging.ts'
import { Refusal, refused } from './refusal.ts'
import { unmappedElements } from './unmapped.ts'
import { plainOf, uidOf } from './values.ts'

const CHARSET = '(0008,0005)'
const STUDY = '(0020,000D)'

/** One file of a request, or why there is none. */
export type Part = { readonly file: Buffer } | { readonly fault: 'malformed-dicom' }

export interface DicomOptions {
  readonly settings: Settings
  /** When the gateway received the request, milliseconds since 1970. */
  readonly receivedAt: number
  /** Of the elements of a file that are read; one with more is refused. */
  readonly maxBytes: number
  /** Told of each element with a value that no mapping reads. */
  readonly onUnmapped: OnUnmapped
  /** Whether files with pixels are kept in the object store. */
  readonly keepFiles: boolean
  /** The only study of which instances are taken. */
  readonly study?: string
}

export function* dicomItems(parts: Iterable<Part>, options: DicomOptions): Generator<Item> {
  let index = 0
  for (const part of parts) {
    yield 'fault' in part ? refused(new Refusal(part.fault), index) : itemOf(part.file, options, index)
    index++
  }
}

function itemOf(file: Buffer, options: DicomOptions, index: number): Item {
  const { settings, receivedAt, maxBytes, onUnmapped, study } = options
  const dataset = readDataset(file, maxBytes)
  if ('fault' in dataset) return refused(new Refusal(dataset.fault, dataset.tag), index)
  const decode = charsetOf(dataset, settings)
  if (decode instanceof Refusal) return refused(decode, index)
  if (study !== undefined && uidOf(dataset, STUDY) !== study)
    return refused(new Refusal('other-study', STUDY), index, '/study_uid')
  for (const tag of unmappedElements(dataset)) onUnmapped(tag)
  const item = imagingItem({ dataset, decode, settings, receivedAt }, index)
  // Nothing behind what is read: the file was cut, or never had pixels.
  return options.keepFiles && item.kind === 'decoded' && dataset.end < dataset.bytes.length ? { ...item, file } : item
}

function charsetOf(dataset: Dataset, settings: Settings) {
  const name = plainOf(dataset, CHARSET) ?? ''
  if (name instanceof Refusal) return name
  return decoderOf(name, settings.charset) ?? new Refusal('charset', CHARSET)
}
