/** The key of a box of tokens: of two secrets, by the standard. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TOKENS_NOT_WRAPPED, tokenWrap } from '#core/crypto/token-wrap.ts'

const [dataKey, two, three] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer]
const hmac = (key: Buffer, ...parts: readonly (Buffer | string)[]) => {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}
const wrap = tokenWrap(
  3,
  new Map([
    [2, two],
    [3, three],
  ]),
)

describe('tokenWrap', () => {
  it('is HKDF (RFC 5869) of the data key, salted by a key that is derived from that of the wrap', () => {
    const purpose = 'chainon/token-wrap/1'
    const salt = hmac(two, purpose, Buffer.from([1]))
    const expected = hmac(hmac(salt, dataKey), purpose, Buffer.from([1]))
    expect(wrap.boxKey(dataKey, 2).export()).toEqual(expected)
  })
  it('gives another key for each version and data key, and never one of its secrets', () => {
    const keys = [
      wrap.boxKey(dataKey, 1),
      wrap.boxKey(dataKey, 2),
      wrap.boxKey(dataKey, 3),
      wrap.boxKey(two, 3),
      wrap.boxKey(three, 2),
    ].map((key) => key.export().toString('hex'))
    expect(new Set(keys).size).toBe(keys.length)
    for (const secret of [two, three]) expect(keys).not.toContain(secret.toString('hex'))
  })
  it('is nothing before the first rotation, and says when a version is not here', () => {
    expect(TOKENS_NOT_WRAPPED.boxKey(dataKey, 1).export()).toEqual(dataKey)
    for (const [of, version] of [
      [TOKENS_NOT_WRAPPED, 2],
      [wrap, 4],
    ] as const)
      expect(() => of.boxKey(dataKey, version)).toThrow(expect.objectContaining({ code: 'key-rotation' }))
    expect(() => tokenWrap(2, new Map([[3, three]]))).toThrow(expect.objectContaining({ code: 'bug' }))
  })
})
