/** A record that makes a step throw, which is a bug, fails alone: its neighbours are processed, and it has an outcome. */
import { describe, expect, it } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA, readMarker } from '#core/contract/marker.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { deidentifyPipeline } from '../../../services/deidentify/pipeline.ts'
import { markQuarantined } from '../../../services/deidentify/steps/mark-quarantined.ts'
import type { SealedMessage } from '../../../services/deidentify/steps/open-sealed.ts'
import { loadResources } from '../../../services/deidentify/text/resources.ts'
import { decoderOf, encoderOf } from '../../guide/avro.ts'
import { recordOf } from '../../helpers/records.ts'
import { sealTokens } from '../../helpers/sealed-tokens.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'document')
if (!contract) throw new Error('there is no feed document')
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const pipeline = deidentifyPipeline({
  contract,
  decoder: decoderOf(identifiedSchema(contract)),
  encoder: encoderOf(pseudonymisedSchema(contract)),
  pseudonymiser: {
    ...level1,
    pseudonym(domain, id) {
      if (id.includes('poison')) throw new RangeError(`a bug that quotes ${id}`)
      return level1.pseudonym(domain, id)
    },
  },
  tokenSecret: Buffer.alloc(32, 2),
  sealTokens,
  textResources: loadResources,
})
const message = (id: string): SealedMessage => ({
  message: { offset: '42', timestamp: '0' },
  opened: {
    ok: true,
    value:
      encoderOf(identifiedSchema(contract)).encode({
        ...Object.fromEntries(contract.fields.map(({ name, default: given }) => [name, given ?? null])),
        ...recordOf('document', id, 'ipp'),
        authored_at: 0,
        _producer: 'chu',
        _received_at: 7,
      }) ?? Buffer.alloc(0),
  },
})

describe('a record that makes a step throw', () => {
  it('is quarantined as worker-failed, with the step, and without the value', async () => {
    const [healthy, failed] = await pipeline.runBatch([message('healthy'), message('poison')])
    expect(healthy?.kind).toBe('pass')
    if (failed?.kind !== 'fail') throw new Error('a record that makes a step throw passed')
    expect(failed).toMatchObject({ fault: 'worker-failed', stage: 'removeIdentity', outcome: 'quarantined' })
    const marked = markQuarantined(encoderOf(MARKER_SCHEMA)).run({ message: message('poison').message, failed })
    const marker = decoderOf(MARKER_SCHEMA).decode(marked.value.body.value)?.record ?? {}
    expect(JSON.stringify(marker)).not.toContain('poison')
    expect(readMarker(marker)).toMatchObject({ fault: 'worker-failed', foundBy: { stage: 'removeIdentity' } })
  })
})
