/** Which keys of linkage tokens a rotation of the first level needs, before anything changes. */
import { describe, expect, it } from 'vitest'
import { firstPublication, nextPublication, publishedVersions, retirement } from '#core/custody/token-chain.ts'
import { keyIdOf } from '#core/sealing/hpke.ts'
import { assertOpensTokens, missingKeys, tokenCounts } from '../../../../services/provision/rotate/token-keys.ts'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const messages = [...(await firstPublication(one)), await nextPublication('', 2, two, one)]
const published = publishedVersions('', messages)
const [first = '', second = ''] = published.map(({ publicKey }) => keyIdOf(publicKey))
const folder = '/secrets/curate'
const held = (...versions: readonly number[]) => ({
  published,
  seeds: new Map([[1, one] as const, [2, two] as const].filter(([version]) => versions.includes(version))),
  folder,
})
const of = (keyId: string, wrap = 1, messagesOf = 5) => ({ keyId, wrap, messages: messagesOf })
const [FIRST, SECOND] = ['curate/linkage-tokens.key', 'curate/linkage-tokens-2.key']

describe('a rotation', () => {
  it.each([
    ['that has all', held(1, 2), [of(first), of(second)], []],
    ['of a log that was sealed again before', held(2), [of(second, 2)], []],
    ['of a log without tokens', held(2), [], []],
    ['without the key in force', held(1), [of(first)], [SECOND]],
    ['without a former key that the log needs', held(2), [of(first), of(second)], [FIRST]],
    ['without any', held(), [of(first)], [SECOND, FIRST]],
    [
      'with tokens of a stranger',
      held(1, 2),
      [of('ab'.repeat(8))],
      [`a key that is not published (${'ab'.repeat(8)})`],
    ],
    ['before curate has started', { published: [], seeds: new Map(), folder }, [], []],
  ] as const)('%s', (_, keys, tokens, missing) => {
    expect(missingKeys(keys, tokens)).toEqual(missing)
    const asserted = () => assertOpensTokens(keys, tokens)
    if (missing.length === 0) expect(asserted).not.toThrow()
    else
      expect(asserted).toThrow(
        expect.objectContaining({ code: 'configuration', message: expect.stringContaining(`is not in ${folder}`) }),
      )
  })
  it('needs no retired key', () => {
    const later = { ...held(2), published: publishedVersions('', [...messages, retirement('', 1, two)]) }
    expect(missingKeys(later, [of(first), of(second)])).toEqual([])
  })
})

it('counts messages by the names of the keys', () => {
  expect(tokenCounts(held(), [of(second, 2, 7), of(first, 1, 3), of(second, 1, 1)])).toEqual([
    { key: SECOND, wrap: 1, messages: 1 },
    { key: SECOND, wrap: 2, messages: 7 },
    { key: FIRST, wrap: 1, messages: 3 },
  ])
})
