/** Who has the former key of linkage tokens, all former keys that open them, and the kept log after a rotation: how far trying all numbers goes. */
import avsc from 'avsc'
import { expect, test } from 'vitest'
import type { AvroRegistry, Rewriter } from '#core/avro/registry.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'
import { tokeniser } from '../../../../services/deidentify/linkage/tokenise.ts'
import { pseudonymisedForm } from '../../../../services/provision/rotate/log-form.ts'
import { nirOf } from '../../../helpers/records.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') ?? expect.unreachable()
const type = avsc.Type.forSchema(pseudonymisedSchema(contract) as unknown as avsc.Schema, { logicalTypes: {} })
const rewriter: Rewriter = {
  prepare: async () => undefined,
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
const formerSeed = Buffer.alloc(32, 3)
const NUMBERS = Array.from({ length: 200 }, (_, i) => nirOf(`1850578006${String(i).padStart(3, '0')}`))
const OWN = [NUMBERS[48], NUMBERS[130]] as [string, string]

async function log(): Promise<readonly Buffer[]> {
  const seal = await tokenSealer(await publicKeyOf(formerSeed))
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

/** @returns the numbers that are found by trying all */
async function attack(values: readonly Buffer[], seeds: readonly Buffer[]): Promise<readonly string[]> {
  const opener = await tokenOpener(seeds)
  const found = new Set<string>()
  for (const value of values) {
    const record = type.fromBuffer(value) as { readonly record_id: string; readonly _sealed_tokens: Buffer }
    const known = await opener.prepare([record._sealed_tokens]).then(
      () => true,
      () => false,
    )
    const recordId = OWN.map((nir) => level1.pseudonym('record', nir))
    const tokens = known
      ? recordId.flatMap((id) => opener.open(record._sealed_tokens, { feed: 'patient', recordId: id }) ?? [])
      : []
    for (const nir of NUMBERS) if (tokenise({ nir }, 'chu').some((token) => tokens.includes(token))) found.add(nir)
  }
  return [...found]
}

test('before: the former keys find every number', async () => {
  expect(await attack(await log(), [formerSeed])).toEqual(OWN)
})

test.fails('after: they find none', async () => {
  const { wrap } = pseudonymWrap(2, new Map([[2, Buffer.alloc(32, 9)]]))
  const after = (await log()).map((value) => form.mapped({ key: null, value, headers: {} }, wrap).value as Buffer)
  expect(await attack(after, [formerSeed])).toEqual([])
})
