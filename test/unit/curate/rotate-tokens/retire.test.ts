/** Which messages of the kept log need a former key of linkage tokens: those alone that it opens. */
import { expect, it } from 'vitest'
import type { Decoder } from '#core/avro/registry.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { tokenWrap } from '#core/crypto/token-wrap.ts'
import { keyIdOf, publicKeyOf } from '#core/sealing/hpke.ts'
import { tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'
import { needed } from '../../../../services/curate/rotate-tokens/retire.ts'

const [former, inForce, foreign] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer]
const keys = new Map([[2, Buffer.alloc(32, 9)]])
const wrap = pseudonymWrap(2, keys)
const recordId = pseudonymiser(1, Buffer.alloc(32, 7)).pseudonym('record', 'r')
const place = { feed: 'patient', recordId }
const id = keyIdOf(await publicKeyOf(former))
const sealFor = async (seed: Buffer, version = 1) =>
  (await tokenSealer(await publicKeyOf(seed), tokenWrap(version, keys)))(['t1_nir_a'], place)
const sealed = await sealFor(former)

const countOf = async (records: readonly (Record<string, unknown> | undefined)[]) => {
  const decoder = {
    prepare: async () => undefined,
    decode: (value: Buffer) => {
      const record = records[value.readUInt8()]
      return record && { name: 'r', record }
    },
  } as unknown as Decoder
  const messages = records.map((_, n) => ({ value: Buffer.from([n]) }))
  const opener = await tokenOpener([former], { wrap: tokenWrap(2, keys) })
  const names = new Map([[id, 'curate/linkage-tokens.key']])
  return needed({ feed: 'patient', decoder }, messages, { names, opener, wrap })
}

it('are those that are sealed for it, wrapped or not, under whatever pseudonym', async () => {
  const records = [
    { record_id: recordId, _sealed_tokens: sealed },
    { record_id: wrap.wrap(recordId), _sealed_tokens: sealed },
    { record_id: recordId, _sealed_tokens: await sealFor(former, 2) },
  ]
  expect(await countOf(records)).toEqual([id, id, id])
})

it('are none that are sealed for another key, have no tokens, cannot be read, or are opened by nothing', async () => {
  const forged = Buffer.from(sealed).fill(0, 100)
  const strange = wrap.wrap(recordId).replace(/^p1_./, (start) => (start === 'p1_x' ? 'p1_y' : 'p1_x'))
  const records = [
    { record_id: recordId, _sealed_tokens: await sealFor(inForce) },
    { record_id: recordId, _sealed_tokens: await sealFor(foreign) },
    { record_id: recordId },
    undefined,
    { record_id: recordId, _sealed_tokens: forged },
    { record_id: `${recordId}x`, _sealed_tokens: sealed },
    { record_id: strange, _sealed_tokens: sealed },
  ]
  expect(await countOf(records)).toEqual([])
})
