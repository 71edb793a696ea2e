/** Who has the former key of linkage tokens, all former keys that open them, and the kept log after a rotation: how far trying all numbers goes. */
import { createSecretKey } from 'node:crypto'
import avsc from 'avsc'
import { expect, test } from 'vitest'
import type { AvroRegistry, Rewriter } from '#core/avro/registry.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { tokenWrap } from '#core/crypto/token-wrap.ts'
import { firstPublication, nextPublication, publishedVersions } from '#core/custody/token-chain.ts'
import { openBox } from '#core/sealing/envelope.ts'
import { publicKeyOf, unwrapDataKey } from '#core/sealing/hpke.ts'
import { tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'
import { tokeniser } from '../../../../services/deidentify/linkage/tokenise.ts'
import { changeUnder } from '../../../../services/provision/rotate/comparison.ts'
import { pseudonymisedForm } from '../../../../services/provision/rotate/log-form.ts'
import { tokenChange } from '../../../../services/provision/rotate/token-change.ts'
import { nirOf } from '../../../helpers/records.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') ?? expect.unreachable()
const type = avsc.Type.forSchema(pseudonymisedSchema(contract) as unknown as avsc.Schema, { logicalTypes: {} })
const rewriter: Rewriter = {
  prepare: async () => undefined,
  read: (value) => ({ name: 'r', record: type.fromBuffer(value as Buffer) as Record<string, unknown> }),
  rewrite(value, change) {
    const record = type.fromBuffer(value as Buffer) as Record<string, unknown>
    change({ name: 'r', record })
    return type.toBuffer(record)
  },
}
const form = pseudonymisedForm(
  { rewriter: () => rewriter } as unknown as AvroRegistry,
  '',
  contract,
  'pseudonymised.patient',
)

const tokenise = tokeniser(contract, Buffer.alloc(32, 2))
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const [former, inForce] = [Buffer.alloc(32, 3), Buffer.alloc(32, 4)]
const published = publishedVersions('', [
  ...(await firstPublication(former)),
  await nextPublication('', 2, inForce, former),
])
const wrapKeys = new Map([[2, Buffer.alloc(32, 9)]])
const NUMBERS = Array.from({ length: 200 }, (_, i) => nirOf(`1850578006${String(i).padStart(3, '0')}`))
const OWN = [NUMBERS[48], NUMBERS[130]] as [string, string]

async function log(): Promise<readonly Buffer[]> {
  const seal = await tokenSealer(await publicKeyOf(former))
  return OWN.map((nir) => {
    const recordId = level1.pseudonym('record', nir)
    const empty = Object.fromEntries(
      (pseudonymisedSchema(contract).fields as readonly { name: string; default?: unknown }[]).map((field) => [
        field.name,
        field.default ?? null,
      ]),
    )
    const sealed = seal(tokenise({ nir }, 'chu'), { feed: 'patient', recordId })
    return type.toBuffer({
      ...empty,
      ...{
        record_id: recordId,
        patient_id: level1.pseudonym('patient', nir),
        record_version: 1,
        operation: 'upsert',
        sex: 'male',
      },
      ...{ _producer: 'chu', _received_at: 7, _rule_outcomes: [], updated_at: 0, _sealed_tokens: sealed },
    })
  })
}

/** @returns the log after a rotation of the first level, when both keys of tokens are there */
async function rotated(values: readonly Buffer[]): Promise<readonly Buffer[]> {
  const tokens = await tokenChange(
    tokenWrap(2, wrapKeys),
    published,
    new Map([
      [1, former],
      [2, inForce],
    ]),
  )
  const messages = values.map((value) => ({ key: null, value, headers: {} }))
  await tokens.prepare(form.sealed(messages))
  const change = changeUnder(pseudonymWrap(2, wrapKeys), tokens)
  return messages.map((message) => form.mapped(message, change).value as Buffer)
}

/**
 * @param seeds and wraps of the attacker, who knows the key that makes tokens, and, to be generous, which record is whose
 * @returns the numbers that are found by trying all
 */
async function attack(
  values: readonly Buffer[],
  seeds: readonly Buffer[],
  wraps: ReadonlyMap<number, Buffer> = new Map(),
): Promise<readonly string[]> {
  const opener = await tokenOpener(seeds, { wrap: tokenWrap(wraps.size > 0 ? 2 : 1, wraps) })
  const places = OWN.map((nir) => ({ feed: 'patient', recordId: level1.pseudonym('record', nir) }))
  const texts: string[] = []
  for (const value of values) {
    texts.push(value.toString('latin1'))
    const { _sealed_tokens: sealed } = type.fromBuffer(value) as { readonly _sealed_tokens: Buffer }
    const opens = await opener.prepare([sealed]).then(
      () => true,
      () => false,
    )
    if (opens) texts.push(...places.flatMap((place) => opener.open(sealed, place) ?? []))
    // Also with the data key alone, as if it were not wrapped.
    for (const seed of seeds) {
      const dataKey = await unwrapDataKey(seed, sealed.subarray(9, 89))
      if (!dataKey) continue
      const n = Number(sealed.readBigUInt64BE(89))
      for (const at of [97, 99])
        for (const { feed, recordId } of places) {
          const place = { topic: `tokens of ${feed}`, key: recordId }
          const plain = openBox(createSecretKey(dataKey), { n, box: sealed.subarray(at) }, place)
          if (plain) texts.push(plain.toString('latin1'))
        }
    }
  }
  return NUMBERS.filter((nir) => tokenise({ nir }, 'chu').some((token) => texts.some((text) => text.includes(token))))
}

test('before: the former keys find every number', async () => {
  expect(await attack(await log(), [former])).toEqual(OWN)
})

test('after: they find none, alone, with the key of tokens in force, or with the key of the wrap; only all together find all', async () => {
  const after = await rotated(await log())
  expect(await attack(after, [former])).toEqual([])
  expect(await attack(after, [former, inForce])).toEqual([])
  expect(await attack(after, [former], wrapKeys)).toEqual([])
  expect(await attack(after, [former, inForce], wrapKeys)).toEqual(OWN)
  // Under another key of the wrap, which is what a second rotation makes.
  expect(await attack(after, [former, inForce], new Map([[2, Buffer.alloc(32, 8)]]))).toEqual([])
})

test('who opens the seal alone does not see which records have equal tokens', async () => {
  const seal = await tokenSealer(await publicKeyOf(inForce), tokenWrap(2, wrapKeys))
  const place = { feed: 'patient', recordId: level1.pseudonym('record', 'r') }
  const tokens = tokenise({ nir: OWN[0] }, 'chu')
  const [one, two] = [seal(tokens, place), seal(tokens, place)]
  const parts = (sealed: Buffer) => {
    const box = sealed.subarray(99)
    return Array.from({ length: box.length - 8 }, (_, at) => box.subarray(at, at + 8).toString('hex'))
  }
  const known = new Set(parts(one))
  expect(parts(two).filter((part) => known.has(part))).toEqual([])
})
