/** What names a merge: the same from both patients, and of one producer alone. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { statedPair } from '../../../../services/deidentify/linkage/stated-pair.ts'
import { tokeniser } from '../../../../services/deidentify/linkage/tokenise.ts'

const contracts = loadContracts('schemas/feeds')
const contract = contracts.find(({ feed }) => feed === 'patient_merge') as FeedContract
const pairOf = statedPair(contract)
const merge = (own: string, other: string) => ({ patient_ipp: own, other_ipp: other })
const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('1', '1\0', '","', '\0', '"', '1","2', '["a"]'),
  fc.string({ unit: fc.constantFrom('"', ',', '\\', '\0', '1'), maxLength: 5 }),
)

test('both patients give one name, and two pairs or two producers never do, whatever is in a number', () => {
  fc.assert(
    fc.property(text, text, text, text, text, text, (a, b, producer, c, d, otherProducer) => {
      expect(pairOf(merge(a, b), producer)).toBe(pairOf(merge(b, a), producer))
      const same = producer === otherProducer && [a, b].toSorted().join('\n') === [c, d].toSorted().join('\n')
      const isOne = pairOf(merge(a, b), producer) === pairOf(merge(c, d), otherProducer)
      if (!/\n/.test(a + b + c + d)) expect(isOne).toBe(same)
    }),
    { numRuns: 2000 },
  )
})

test('its token is of the kind same-patient alone, and another feed has none', () => {
  const tokenise = tokeniser(contract, Buffer.alloc(32, 1))
  const tokens = tokenise(merge('1', '2'), 'chu')
  expect(tokens).toEqual([expect.stringMatching(/^t1_same-patient_[\w-]{22}$/)])
  expect(tokenise(merge('2', '1'), 'chu')).toEqual(tokens)
  expect(tokenise(merge('1', '2'), 'chu-b')).not.toEqual(tokens)
  for (const one of contracts.filter(({ feed }) => feed !== 'patient_merge'))
    expect(statedPair(one)(merge('1', '2'), 'chu')).toBeUndefined()
})
