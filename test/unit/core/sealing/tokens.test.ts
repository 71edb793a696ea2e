import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { tokenWrap } from '#core/crypto/token-wrap.ts'
import { keyIdOf, publicKeyOf } from '#core/sealing/hpke.ts'
import { sealedUnder, tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'

const PLACE = { feed: 'patient', recordId: 'p1_r' }
const FIVE = ['ins', 'nir', 'traits-place', 'traits', 'place'].map((kind) => `t1_${kind}_${'x'.repeat(22)}`)

test('who seals cannot open, and equal tokens are never the same bytes', async () => {
  const seed = randomBytes(32)
  const seal = await tokenSealer(await publicKeyOf(seed))
  const [one, two] = [seal(FIVE, PLACE), seal(FIVE, PLACE)]
  expect(one.equals(two)).toBe(false)
  for (const token of FIVE) expect(one.includes(token)).toBe(false)
  const opener = await tokenOpener([seed])
  await opener.prepare([one, two])
  expect([opener.open(one, PLACE), opener.open(two, PLACE)]).toEqual([FIVE, FIVE])
})

test('the length does not tell how many tokens a patient has', async () => {
  const seal = await tokenSealer(await publicKeyOf(randomBytes(32)))
  const lengths = [0, 1, 2, 3, 4, 5].map((count) => seal(FIVE.slice(0, count), PLACE).length)
  expect(new Set(lengths).size).toBe(1)
})

test('each changed byte is noticed: it opens nothing, or is of another key', async () => {
  const seed = randomBytes(32)
  const sealed = (await tokenSealer(await publicKeyOf(seed)))(FIVE, PLACE)
  for (let at = 0; at < sealed.length; at++) {
    const opener = await tokenOpener([seed])
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    const outcome = await opener.prepare([changed]).then(
      () => opener.open(changed, PLACE),
      (error: { code?: string }) => error.code,
    )
    expect(outcome, String(at)).toBe(at >= 1 && at < 9 ? 'sealing-key-unknown' : undefined)
  }
})

test('tokens of another installation stop the partition: a lost key is not a fault of its records', async () => {
  const sealed = (await tokenSealer(await publicKeyOf(randomBytes(32))))(FIVE, PLACE)
  const opener = await tokenOpener([randomBytes(32)])
  await expect(opener.prepare([sealed])).rejects.toMatchObject({ code: 'sealing-key-unknown' })
})

test('cut short, it opens nothing', async () => {
  const seed = randomBytes(32)
  const sealed = (await tokenSealer(await publicKeyOf(seed)))(FIVE, PLACE)
  const opener = await tokenOpener([seed])
  await opener.prepare([sealed])
  for (let end = 0; end < sealed.length; end++) expect(opener.open(sealed.subarray(0, end), PLACE)).toBeUndefined()
})

test('messages of before stay readable beside those for the next key, which is looked for when it first comes', async () => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  const [before, after] = [
    (await tokenSealer(await publicKeyOf(one)))(FIVE, PLACE),
    (await tokenSealer(await publicKeyOf(two)))(FIVE, PLACE),
  ]
  const both = await tokenOpener([one, two])
  await both.prepare([before, after])
  expect([both.open(before, PLACE), both.open(after, PLACE)]).toEqual([FIVE, FIVE])
  let looked = 0
  const look = async () => {
    looked++
    return [one, two]
  }
  const later = await tokenOpener([one], { look })
  await later.prepare([before])
  expect(looked).toBe(0)
  await later.prepare([after, before])
  await later.prepare([after])
  expect([later.open(after, PLACE), later.open(before, PLACE), looked]).toEqual([FIVE, FIVE, 1])
  const stranger = (await tokenSealer(await publicKeyOf(randomBytes(32))))(FIVE, PLACE)
  await expect(later.prepare([stranger])).rejects.toMatchObject({ code: 'sealing-key-unknown' })
})

const [two, three] = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
const wrapTwo = tokenWrap(2, new Map([[2, two]]))

test('wrapped, they say under which keys they are, and only who has both opens them', async () => {
  const seed = randomBytes(32)
  const publicKey = await publicKeyOf(seed)
  const sealed = (await tokenSealer(publicKey, wrapTwo))(FIVE, PLACE)
  const before = (await tokenSealer(publicKey))(FIVE, PLACE)
  expect([sealedUnder(sealed), sealedUnder(before)]).toEqual([
    { keyId: keyIdOf(publicKey), wrap: 2 },
    { keyId: keyIdOf(publicKey), wrap: 1 },
  ])
  expect(sealed.length - before.length).toBe(2)
  const both = tokenWrap(
    3,
    new Map([
      [2, two],
      [3, three],
    ]),
  )
  for (const wrap of [wrapTwo, both]) {
    const opener = await tokenOpener([seed], { wrap })
    await opener.prepare([sealed, before])
    expect([opener.open(sealed, PLACE), opener.open(before, PLACE)]).toEqual([FIVE, FIVE])
    expect(opener.open(sealed, { ...PLACE, recordId: 'p1_other' })).toBeUndefined()
  }
  // Another key in the place of the version, none, and another key of tokens.
  const other = await tokenOpener([seed], { wrap: tokenWrap(2, new Map([[2, three]])) })
  await other.prepare([sealed])
  expect(other.open(sealed, PLACE)).toBeUndefined()
  await expect((await tokenOpener([seed])).prepare([sealed])).rejects.toMatchObject({ code: 'key-rotation' })
  const stranger = await tokenOpener([randomBytes(32)], { wrap: wrapTwo })
  await expect(stranger.prepare([sealed])).rejects.toMatchObject({ code: 'sealing-key-unknown' })
})

test('each changed byte of wrapped ones is noticed', async () => {
  const seed = randomBytes(32)
  const sealed = (await tokenSealer(await publicKeyOf(seed), wrapTwo))(FIVE, PLACE)
  for (let at = 0; at < sealed.length; at++) {
    const opener = await tokenOpener([seed], { wrap: wrapTwo })
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    const outcome = await opener.prepare([changed]).then(
      () => opener.open(changed, PLACE),
      (error: { code?: string }) => error.code,
    )
    const isKey = at >= 1 && at < 9
    const isVersion = at === 97 || at === 98
    expect(outcome, String(at)).toBe(isKey ? 'sealing-key-unknown' : isVersion ? 'key-rotation' : undefined)
  }
  for (let end = 0; end < 120; end++) expect(sealedUnder(sealed.subarray(0, Math.min(end, 114)))).toBeUndefined()
  for (const version of [0, 1]) {
    const changed = Buffer.from(sealed)
    changed.writeUInt16BE(version, 97)
    expect(sealedUnder(changed)).toBeUndefined()
  }
})

test('what names a retired key opens nowhere, and stops nothing', async () => {
  const [gone, seed] = [randomBytes(32), randomBytes(32)]
  const sealed = (await tokenSealer(await publicKeyOf(gone)))(FIVE, PLACE)
  const opener = await tokenOpener([seed], { retired: [keyIdOf(await publicKeyOf(gone))] })
  await opener.prepare([sealed])
  expect(opener.open(sealed, PLACE)).toBeUndefined()
})

test('a data key that was not unwrapped before is a bug, and no broken seal', async () => {
  const seed = randomBytes(32)
  const sealed = (await tokenSealer(await publicKeyOf(seed)))(FIVE, PLACE)
  const opener = await tokenOpener([seed])
  expect(() => opener.open(sealed, PLACE)).toThrow(expect.objectContaining({ code: 'bug' }))
})
