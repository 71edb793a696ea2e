import { expect, test } from 'vitest'
import { sipHash24 } from '../../../../services/core/crypto/siphash.ts'

const KEY = Buffer.from(Array.from({ length: 16 }, (_, i) => i))

/** Of the authors' test vectors (vectors.h, little-endian results): messages 00 01 02... whose length is a multiple of 8. */
test.each([
  [0, '310e0edd47db6f72'],
  [8, '6224939a79f5f593'],
])('the vector of %i bytes', (bytes, expected) => {
  const message = Buffer.from(Array.from({ length: 24 }, (_, i) => i))
  const words = Int32Array.from({ length: 6 }, (_, i) => message.readInt32LE(4 * i))
  const hasher = sipHash24(KEY)
  hasher.hash(words, bytes / 4)
  const made = Buffer.alloc(8)
  made.writeInt32LE(hasher.result[0] ?? 0, 0)
  made.writeInt32LE(hasher.result[1] ?? 0, 4)
  expect(made.toString('hex')).toBe(expected)
})

test('a key of another length is rejected', () => {
  expect(() => sipHash24(Buffer.alloc(32))).toThrow(RangeError)
})
