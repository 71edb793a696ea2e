/** First-level pseudonyms under another key: the standard's vector, what unwraps and what does not, and what the former key finds. */
import { describe, expect, it } from 'vitest'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { NOT_WRAPPED, pseudonymWrap, wrapVersionOf } from '#core/crypto/pseudonym-wrap.ts'

const [two, three] = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
const both = pseudonymWrap(
  3,
  new Map([
    [2, two],
    [3, three],
  ]),
)
const before = pseudonymWrap(2, new Map([[2, two]]))
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const pseudonyms = Array.from({ length: 50 }, (_, n) => level1.pseudonym('patient', `chu\0ipp-${n}`))

describe('pseudonymWrap', () => {
  it('is the key wrap of RFC 3394, section 4.6', () => {
    const key = Buffer.from('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F', 'hex')
    const digest = Buffer.from('00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F', 'hex')
    const wrapped = '28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21'
    const { wrap } = pseudonymWrap(2, new Map([[2, key]]))
    expect(wrap(`p1_${digest.toString('base64url')}`)).toBe(
      `p1_${Buffer.from(wrapped, 'hex').toString('base64url')}_k2`,
    )
  })

  it('gives a pseudonym back, from each version that it has, and always the same for one', () => {
    for (const pseudonym of pseudonyms) {
      const [old, now] = [before.wrap(pseudonym), both.wrap(pseudonym)]
      expect([wrapVersionOf(pseudonym), wrapVersionOf(old), wrapVersionOf(now)]).toEqual([1, 2, 3])
      expect([both.unwrap(pseudonym), both.unwrap(old), both.unwrap(now)]).toEqual([pseudonym, pseudonym, pseudonym])
      expect(pseudonymWrap(3, new Map([[3, three]])).wrap(pseudonym)).toBe(now)
    }
    expect(new Set(pseudonyms.map(both.wrap)).size).toBe(pseudonyms.length)
  })

  it('has no key before the first rotation: nothing changes', () => {
    for (const text of [...pseudonyms, 'p1_r', '', 'x'])
      expect([NOT_WRAPPED.wrap(text), NOT_WRAPPED.unwrap(text)]).toEqual([text, text])
  })

  it('does not unwrap what another key or another hand has made', () => {
    const made = before.wrap(pseudonyms[0] as string)
    const other = pseudonymWrap(2, new Map([[2, three]]))
    expect(other.unwrap(made)).toBeUndefined()
    const letters = made.split('')
    for (let at = 3; at < 57; at++) {
      const changed = letters.with(at, letters[at] === 'A' ? 'B' : 'A').join('')
      // The last character has four bits that belong to no byte.
      if (at < 56) expect(before.unwrap(changed), `${at}`).toBeUndefined()
    }
    expect(() => before.unwrap(made.replace('_k2', '_k3'))).toThrow(expect.objectContaining({ code: 'key-rotation' }))
  })

  it('knows by the form alone what is a pseudonym', () => {
    const made = before.wrap(pseudonyms[0] as string)
    for (const text of ['p1_r', `${made}x`, ` ${made}`, made.replace('_k2', ''), made.replace('_k2', '_k0'), 'p2_x'])
      expect(wrapVersionOf(text), text).toBeUndefined()
  })

  it('leaves nothing that the former key finds, alone or with the key of another version', () => {
    const log = pseudonyms.map(both.wrap)
    const found = (dictionary: readonly string[]) => dictionary.filter((one) => log.some((text) => text.includes(one)))
    expect(found(pseudonyms)).toEqual([])
    expect(found(pseudonyms.map(before.wrap))).toEqual([])
    expect(found(pseudonyms.map(both.wrap))).toEqual(log)
  })
})
