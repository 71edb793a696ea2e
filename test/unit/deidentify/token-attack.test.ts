/** Who has one message of the kept log and the key of the tokens: how far trying all numbers goes. */
import { expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { tokeniser } from '../../../services/deidentify/linkage/tokenise.ts'
import { deidentifyPipeline } from '../../../services/deidentify/pipeline.ts'
import { loadResources } from '../../../services/deidentify/text/resources.ts'
import { decoderOf, encoderOf } from '../../guide/avro.ts'
import { nirOf, recordOf } from '../../helpers/records.ts'
import { sealTokens } from '../../helpers/sealed-tokens.ts'

const [contract] = loadContracts('schemas/feeds').filter(({ feed }) => feed === 'patient') as [FeedContract]
const tokenSecret = Buffer.alloc(32, 2)
const OWN = nirOf('1850578006048')
/** Those of one month and commune: an attacker tries all. */
const NUMBERS = Array.from({ length: 1000 }, (_, i) => nirOf(`1850578006${String(i).padStart(3, '0')}`))

async function messageOf(nir: string): Promise<Buffer> {
  const pipeline = deidentifyPipeline({
    contract,
    decoder: decoderOf(identifiedSchema(contract)),
    encoder: encoderOf(pseudonymisedSchema(contract)),
    pseudonymiser: pseudonymiser(1, Buffer.alloc(32, 1)),
    tokenSecret,
    sealTokens,
    textResources: loadResources,
  })
  const record = {
    ...Object.fromEntries(contract.fields.map(({ name, default: given }) => [name, given ?? null])),
    ...recordOf('patient', 'r-1', 'ipp-1', { nir, updated_at: 0 }),
    _producer: 'chu',
    _received_at: 7,
  }
  const value = encoderOf(identifiedSchema(contract)).encode(record) ?? Buffer.alloc(0)
  const [result] = await pipeline.runBatch([{ message: { offset: '1', timestamp: '0' }, opened: { ok: true, value } }])
  if (result?.kind !== 'pass') throw new Error(JSON.stringify(result))
  return result.value.body.value
}

test('one key and one message give no number', async () => {
  const tokenise = tokeniser(contract, tokenSecret)
  const message = await messageOf(OWN)
  expect(NUMBERS).toContain(OWN)
  expect(NUMBERS.filter((nir) => tokenise({ nir }, 'chu').some((token) => message.includes(token)))).toEqual([])
})
