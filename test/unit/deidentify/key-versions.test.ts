/** A process of `deidentify` ends when another version of a key under which it seals comes into force, and only then. */
import { expect, it } from 'vitest'
import { encodingKey, encodingStep } from '#core/custody/encoding-versions.ts'
import { sealingKey, sealingStep, TRANSPORT } from '#core/custody/sealing-versions.ts'
import { firstPublication, nextPublication } from '#core/custody/token-chain.ts'
import { assertSealsUnder } from '../../../services/deidentify/key-versions.ts'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const tokens = await firstPublication(one)
const nextTokens = await nextPublication('', 2, two, one)
const named = (key: string) => ({ key, value: 'f'.repeat(16) })
const prepared = named(sealingKey(TRANSPORT, 2))
const inForce = named(sealingStep(TRANSPORT, 2, 'in force'))
const led = named(encodingKey(2))
const moving = named(encodingStep(2, 'moving'))
const own = { tokens: 1, transport: 1, encodings: 1, wraps: new Set<number>() }
const ending = expect.objectContaining({ code: 'key-rotation' })

it('goes on while keys are only made, whatever a stranger publishes', async () => {
  const stranger = await nextPublication('', 2, two, two)
  for (const messages of [tokens, [...tokens, prepared], [...tokens, stranger, prepared], [...tokens, led, moving]])
    expect(() => assertSealsUnder('', messages, own)).not.toThrow()
})

it.each([
  ['tokens', [...tokens, nextTokens], { ...own, tokens: 2 }],
  ['transport', [...tokens, prepared, inForce], { ...own, transport: 2 }],
  ['encodings', [...tokens, led, named(encodingStep(2, 'in force'))], { ...own, encodings: 2 }],
])('ends when another key of %s is in force, and begins under it', (_, messages, next) => {
  expect(() => assertSealsUnder('', messages, own)).toThrow(ending)
  expect(() => assertSealsUnder('', messages, next)).not.toThrow()
})
