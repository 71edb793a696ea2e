/**
 * Which records of a request are in the log, by their place in the order in which the request is read. It is kept with the idempotency key
 * of a request that was accepted in part, so that sending it again stores only what is missing.
 */

import { newReceiptId } from '#core/gateway-api/receipt-id.ts'
import { VERSION } from '#core/version.ts'

export class Progress {
  /** Of the request and of those that continue it: all have one receipt. */
  readonly receiptId: string
  #bits: Buffer
  #empty = true

  constructor(receiptId = newReceiptId(Date.now()), bits: Buffer = Buffer.alloc(0)) {
    this.receiptId = receiptId
    this.#bits = bits
    this.#empty = bits.length === 0
  }

  has(place: number): boolean {
    return ((this.#bits[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0
  }

  add(place: number): void {
    const byte = place >>> 3
    if (byte >= this.#bits.length)
      this.#bits = Buffer.concat([this.#bits], Math.max(64, this.#bits.length * 2, byte + 1))
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (place & 7))
    this.#empty = false
  }

  get isEmpty(): boolean {
    return this.#empty
  }

  /** @returns what `readProgress` reads; empty when no record is in the log */
  text(): string {
    return this.#empty ? '' : `${VERSION} ${this.receiptId} ${this.#bits.toString('base64')}`
  }
}

/** @param text of `Progress.text`; that of another version counts as none, because it may divide a Bundle into other records */
export function readProgress(text: string): Progress {
  const [version, receiptId, bits] = text.split(' ')
  return version === VERSION && receiptId && bits
    ? new Progress(receiptId, Buffer.from(bits, 'base64'))
    : new Progress()
}
