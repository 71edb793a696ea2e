/** Which key tokens are sealed for: only who has the secret of the version before can name the next one. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { firstPublication, nextPublication, publishedVersions, retirement } from '#core/custody/token-chain.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'

const [one, two, three, foreign] = [1, 2, 3, 4].map((byte) => Buffer.alloc(32, byte)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
]
const first = await firstPublication(one)
const second = await nextPublication('n.', 2, two, one)
const third = await nextPublication('n.', 3, three, two)
const idsOf = (messages: Parameters<typeof publishedVersions>[1], namespace = 'n.') =>
  publishedVersions(namespace, messages).map(({ publicKey }) => publicKey.toString('hex'))
const idOf = async (seed: Buffer) => (await publicKeyOf(seed)).toString('hex')
const [id1, id2, id3] = [await idOf(one), await idOf(two), await idOf(three)]

test('versions follow each other, in whatever order the topic has them, and beside other names', () => {
  expect(idsOf([])).toEqual([])
  expect(idsOf(first)).toEqual([id1])
  expect(idsOf([...first, second])).toEqual([id1, id2])
  const others = [
    { key: 'deidentify/pseudonym-level1.key', value: 'f'.repeat(16) },
    { key: null, value: null },
  ]
  expect(idsOf([third, ...others, second, ...first])).toEqual([id1, id2, id3])
})

test('an installation from before has its first version alone, and none follows without a signer', () => {
  expect(publishedVersions('n.', first.slice(0, 1))).toEqual([
    { version: 1, publicKey: Buffer.from(id1, 'hex'), signer: undefined, retired: false },
  ])
  expect(idsOf([...first.slice(0, 1), second])).toEqual([id1])
})

test('who does not have the secret of before cannot name the next key, nor keep its owner from naming it', async () => {
  const stranger = await nextPublication('n.', 2, foreign, foreign)
  expect(idsOf([...first, stranger])).toEqual([id1])
  expect(idsOf([...first, stranger, second])).toEqual([id1, id2])
  // The first version and its signer are those that came first.
  const strangers = await firstPublication(foreign)
  expect(idsOf([...first, ...strangers, stranger])).toEqual([id1])
  // A version that was signed for another place or another installation.
  expect(idsOf([...first, { ...third, key: second.key }])).toEqual([id1])
  expect(idsOf([...first, second], 'other.')).toEqual([id1])
})

test('a version that was given up is left out', async () => {
  const skipped = await nextPublication('n.', 3, three, one)
  expect(publishedVersions('n.', [...first, skipped]).map(({ version }) => version)).toEqual([1, 3])
  expect(idsOf([...first, skipped])).toEqual([id1, id3])
})

test('each changed digit, and a value cut short, is passed over', () => {
  const digits = second.value.length
  expect(digits).toBe(256)
  for (let at = 0; at < digits; at++) {
    const changed = `${second.value.slice(0, at)}${second.value[at] === '0' ? '1' : '0'}${second.value.slice(at + 1)}`
    expect(idsOf([...first, { ...second, value: changed }]), String(at)).toEqual([id1])
  }
  expect(idsOf([...first, { ...second, value: second.value.slice(2) }])).toEqual([id1])
})

test('a signer that is no point of the curve signs nothing', () => {
  for (const raw of [Buffer.alloc(32, 255), Buffer.alloc(32), randomBytes(32)]) {
    const [own] = first
    const messages = [own, { key: `curate/linkage-tokens.key signer`, value: raw.toString('hex') }, second].filter(
      (m) => m !== undefined,
    )
    expect(idsOf(messages)).toEqual([id1])
  }
})

test('a former version is retired by who has a later one, and by nobody else', () => {
  const chain = [...first, second, third]
  const retired = (...more: readonly { readonly key: string; readonly value: string }[]) =>
    publishedVersions('n.', [...chain, ...more]).flatMap((one) => (one.retired ? [one.version] : []))
  expect(retired()).toEqual([])
  expect(retired(retirement('n.', 1, three))).toEqual([1])
  expect(retired(retirement('n.', 1, two), retirement('n.', 2, three))).toEqual([1, 2])
  // By its own secret, which has leaked; by a former one; by a stranger; of another installation; moved to another version; the one in force.
  for (const forged of [
    retirement('n.', 1, one),
    retirement('n.', 2, one),
    retirement('n.', 1, foreign),
    retirement('other.', 1, three),
    { ...retirement('n.', 1, three), key: retirement('n.', 2, three).key },
    retirement('n.', 3, three),
    { ...retirement('n.', 1, three), value: 'f'.repeat(16) },
  ])
    expect(retired(forged), JSON.stringify(forged)).toEqual([])
  const { key, value } = retirement('n.', 1, three)
  for (let at = 0; at < value.length; at++)
    expect(
      retired({ key, value: `${value.slice(0, at)}${value[at] === '0' ? '1' : '0'}${value.slice(at + 1)}` }),
    ).toEqual([])
})
