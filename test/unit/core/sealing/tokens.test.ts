import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'

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
