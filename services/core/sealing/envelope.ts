/** The sealed form of a record: AES-256-GCM under a data key, bound to the topic and the message key. */
import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AvroRecordSchema } from '../contract/avro-schemas.ts'
import type { ObjectName } from '../objects/store.ts'

export const SEALED_SCHEMA: AvroRecordSchema = JSON.parse(
  readFileSync(new URL('../../../schemas/envelopes/sealed_record.avsc', import.meta.url), 'utf8'),
) as AvroRecordSchema

export function sealedSubject(namespace: string): string {
  return `${namespace}chainon.sealed-record-value`
}

/** Where a sealed record belongs: moved to another place it cannot be opened. */
export interface SealedPlace {
  readonly topic: string
  /** The message key. */
  readonly key: string
  /** The sealed file of the record. */
  readonly file?: SealedFile
}

/** A file in the object store, under the data key of its record. */
export interface SealedFile {
  readonly name: ObjectName
  readonly n: number
}

/** As in `schemas/envelopes/sealed_record.avsc`. */
export interface SealedRecord {
  readonly key_id: Buffer
  readonly day: number
  readonly wrapped: Buffer
  readonly n: number
  readonly box: Buffer
  readonly object_name: string | null
  readonly object_n: number | null
}

const FILE_ID = 'chainon/de-identified file'
const FILE_ID_BYTES = 32
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** One data key seals fewer records than this: NIST SP 800-38D allows 2^32 nonces of a counter; a number stays exact up to 2^53. */
export const MOST_RECORDS_PER_KEY = 2 ** 31

function nonceOf(n: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeBigUInt64BE(BigInt(n), NONCE_BYTES - 8)
  return nonce
}

function associated({ topic, key, file }: SealedPlace): Buffer {
  return Buffer.from(`${topic}\n${key}${file ? `\n${file.name}\n${file.n}` : ''}`)
}

/** @returns undefined for a record without a file */
export function fileOf({ object_name: name, object_n: n }: SealedRecord): SealedFile | undefined {
  return name === null || n === null ? undefined : { name, n }
}

/** @returns where the file of a record belongs: to that record, under that name */
export function placeOfFile({ topic, key }: SealedPlace, { name }: SealedFile): SealedPlace {
  return { topic: `file of ${topic}`, key: `${key}\n${name}` }
}

/**
 * The name under which the de-identified file of a record is kept: the same whenever the record is read again, and of no key that is kept. Once the key of its day is
 * shredded nobody can compute it, so it leads to no record whose identity somebody has (HKDF-SHA-256, RFC 5869).
 *
 * @returns 64 hexadecimal digits
 */
export function nameOfFile(dataKey: KeyObject, { name }: SealedFile): string {
  return Buffer.from(hkdfSync('sha256', dataKey, name, FILE_ID, FILE_ID_BYTES)).toString('hex')
}

/**
 * @param dataKey not its bytes: node 24 looks three times as long at these, for each record, as the cipher takes
 * @param n a number that was never used with this data key
 */
export function sealBox(dataKey: KeyObject, n: number, value: Buffer, place: SealedPlace): Buffer {
  const cipher = createCipheriv(CIPHER, dataKey, nonceOf(n))
  cipher.setAAD(associated(place))
  return Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()])
}

/** Bytes that are encrypted in one turn. */
const FILE_SLICE_BYTES = 1024 * 1024

/** As `sealBox`, of a file: one piece after the other, so that it is never twice in memory. */
export function* sealPieces(dataKey: KeyObject, n: number, file: Buffer, place: SealedPlace): Generator<Buffer> {
  const cipher = createCipheriv(CIPHER, dataKey, nonceOf(n))
  cipher.setAAD(associated(place))
  for (let at = 0; at < file.length; at += FILE_SLICE_BYTES)
    yield cipher.update(file.subarray(at, at + FILE_SLICE_BYTES))
  cipher.final()
  yield cipher.getAuthTag()
}

/** @returns undefined when the box was changed, or belongs to another place, key or number */
export function openBox(dataKey: KeyObject, { n, box }: Pick<SealedRecord, 'n' | 'box'>, place: SealedPlace) {
  if (box.length < TAG_BYTES || !Number.isSafeInteger(n) || n < 0) return undefined
  const decipher = createDecipheriv(CIPHER, dataKey, nonceOf(n))
  decipher.setAAD(associated(place))
  decipher.setAuthTag(box.subarray(box.length - TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(box.subarray(0, box.length - TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}
