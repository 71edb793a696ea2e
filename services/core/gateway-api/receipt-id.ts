/**
 * The name of a receipt: `rcp_` and 16 bytes in base64url, 6 of the time in milliseconds and 10 random ones. The time is in the name, so that
 * receipts are stored in the order of their times, and one that is kept no longer is known as such.
 */
import { randomBytes } from 'node:crypto'
import { RECEIPT_ID } from './receipt.ts'

const TIME_BYTES = 6
const RANDOM_BYTES = 10
const PREFIX = 'rcp_'
const FORM = new RegExp(RECEIPT_ID)

/** @param now milliseconds since 1970 */
export function newReceiptId(now: number): string {
  const bytes = Buffer.concat([Buffer.alloc(TIME_BYTES), randomBytes(RANDOM_BYTES)])
  bytes.writeUIntBE(now, 0, TIME_BYTES)
  return `${PREFIX}${bytes.toString('base64url')}`
}

export interface ReceiptName {
  /** As ClickHouse stores it (UInt128), in decimal digits. */
  readonly number: string
  /** When it was made, milliseconds since 1970. */
  readonly at: number
}

/** @returns undefined for a text that names no receipt */
export function readReceiptId(text: string): ReceiptName | undefined {
  if (!FORM.test(text)) return undefined
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
  // 22 characters have 4 bits more than 16 bytes: a text with other last bits is another text.
  if (`${PREFIX}${bytes.toString('base64url')}` !== text) return undefined
  return { number: BigInt(`0x${bytes.toString('hex')}`).toString(), at: bytes.readUIntBE(0, TIME_BYTES) }
}

/** @param hex of the number as ClickHouse stores it, without leading zeros */
export function receiptIdOf(hex: string): string {
  return `${PREFIX}${Buffer.from(hex.padStart(2 * (TIME_BYTES + RANDOM_BYTES), '0'), 'hex').toString('base64url')}`
}
