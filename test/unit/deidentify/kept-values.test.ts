/**
 * What a record may keep: a code, a unit or a number that could name a person does not reach the pseudonymised record. The contracts and
 * the pipeline are the real ones.
 */
import { describe, expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { CODE_SYSTEMS } from '#core/guards/code-systems.ts'
import { deidentifyPipeline } from '../../../services/deidentify/pipeline.ts'
import { loadResources } from '../../../services/deidentify/text/resources.ts'
import { decoderOf, encoderOf } from '../../guide/avro.ts'
import { type Feed, nirOf, recordOf } from '../../helpers/records.ts'
import { sealTokens, tokensOf } from '../../helpers/sealed-tokens.ts'

const contracts = new Map(loadContracts('schemas/feeds').map((contract) => [contract.feed, contract]))
const RECEIVED_AT = Date.UTC(2026, 0, 31) * 1000
const NIR = nirOf('1850569123456')

function contractOf(feed: Feed): FeedContract {
  const contract = contracts.get(feed)
  if (!contract) throw new Error(`there is no feed ${feed}`)
  return contract
}

/** @returns a NIR that is also a concept of SNOMED CT by its form and its check digit */
function snomedNir(): string {
  for (let order = 1; order < 1000; order++)
    for (let commune = 1; commune < 990; commune++) {
      const nir = nirOf(`1850569${String(commune).padStart(3, '0')}${String(order).padStart(3, '0')}`)
      if (CODE_SYSTEMS.snomed.accepts(nir)) return nir
    }
  throw new Error('no NIR has the form of a code of SNOMED CT')
}

const deidentified = (feed: Feed, more: Readonly<Record<string, unknown>>) =>
  runner(contractOf(feed))(recordOf(feed, 'record-1', 'ipp-8000123', more))

/** @returns what becomes of a record as a hospital sends it, and what reaches the pseudonymised log, as text and as values */
function runner(contract: FeedContract) {
  const reader = recordReader(contract, 'json')
  const identified = encoderOf(identifiedSchema(contract))
  const pipeline = deidentifyPipeline({
    contract,
    decoder: decoderOf(identifiedSchema(contract)),
    encoder: encoderOf(pseudonymisedSchema(contract)),
    pseudonymiser: pseudonymiser(1, Buffer.alloc(32, 1)),
    tokenSecret: Buffer.alloc(32, 2),
    sealTokens,
    textResources: loadResources,
  })
  const decoder = decoderOf(pseudonymisedSchema(contract))
  return async function run(raw: Record<string, unknown>) {
    const read = reader(raw)
    if (!read.ok) throw new Error(`not a record: ${JSON.stringify(read.faults)}`)
    const value = identified.encode({ ...read.record, _producer: 'hospital-1', _received_at: RECEIVED_AT })
    const [result] = await pipeline.runBatch([
      { message: { offset: '42', timestamp: '0' }, opened: { ok: true, value: value ?? Buffer.alloc(0) } },
    ])
    if (!result) throw new Error('a record has no result')
    if (result.kind === 'fail')
      return { outcome: result.fault, record: {}, withheld: [], text: JSON.stringify(result.details) }
    const decoded = decoder.decode(result.value.body.value)
    const { withheld } = result.value.body
    return { outcome: 'pass', record: decoded?.record ?? {}, withheld, text: JSON.stringify(decoded?.record) }
  }
}

const outcomes = (made: Awaited<ReturnType<typeof deidentified>>) => made.record._rule_outcomes as readonly string[]

describe('a value that could name a person', () => {
  test.each<[Feed, string, unknown, RegExp]>([
    ['diagnosis', 'code', 'DUPONT Jean 12 rue Foch', /DUPONT/],
    ['document', 'kind', `CR DUPONT Jean NIR ${NIR}`, /DUPONT/],
    ['observation', 'value_number', Number(NIR), new RegExp(NIR)],
    ['observation', 'value_number', Number(NIR.slice(0, 13)), /1850569/],
    ['observation', 'value_number', 612_345_678, /612345678/],
    ['observation', 'value_number', 8_000_123, /8000123/],
    ['observation', 'value_unit', '{DUPONT Jean}', /DUPONT/],
    ['observation', 'value_code', '8000123', /8000123/],
    ['observation', 'reference_low', Number(NIR), new RegExp(NIR)],
    ['medication', 'route', '06 12 34 56 78', /06 12/],
    ['medication', 'code', 'Doliprane Mme DUPONT', /DUPONT/],
    ['medication', 'quantity_unit', 'dupont', /dupont/],
    ['encounter', 'care_unit', 'DUPONT', /DUPONT/],
    ['encounter', 'reason_code', 'jean.dupont@exemple.fr', /dupont/],
    ['encounter', 'admission_mode', 'DUPONT', /DUPONT/],
    ['procedure', 'code', NIR, new RegExp(NIR)],
    ['patient', 'identity_status', 'DUPONT', /DUPONT/],
    ['death', 'cause_code', NIR, new RegExp(NIR)],
  ])('does not leave the identified zone: %s.%s = %s', async (feed, field, value, leak) => {
    const made = await deidentified(feed, { [field]: value })
    expect(made.text).not.toMatch(leak)
    if (made.outcome !== 'pass') return
    expect(made.record[field]).toBeNull()
    expect(outcomes(made)).toContain(`guard-${field.replaceAll('_', '-')}=failed`)
  })

  test.each([...contracts.values()].map((contract) => [contract.feed as Feed, contract] as const))(
    'does not leave the identified zone, whichever field of %s it is in',
    async (feed, contract) => {
      const run = runner(contract)
      const texts = [
        'DUPONT',
        'Dupont Jean',
        '{DUPONT}',
        'dupont@exemple.fr',
        NIR,
        '0612345678',
        '+33612345678',
        '8000123',
      ]
      const numbers = [Number(NIR), Number(NIR.slice(0, 13)), 612_345_678, 33_612_345_678, 8_000_123]
      const leak = new RegExp(`dupont|${NIR.slice(0, 13)}|612345678|8000123`, 'i')
      let tried = 0
      for (const field of contract.fields.filter(({ privacy }) => privacy.action === 'keep')) {
        const values = field.kind === 'string' ? texts.filter((text) => text.length <= field.maxLength) : numbers
        if (!['string', 'integer', 'long', 'double'].includes(field.kind)) continue
        for (const value of values) {
          tried++
          expect([
            field.name,
            (await run(recordOf(feed, 'record-1', 'ipp-8000123', { [field.name]: value }))).text,
          ]).toEqual([field.name, expect.not.stringMatching(leak)])
        }
      }
      expect(tried).toBeGreaterThan(4)
    },
  )

  test.each<[string, Feed, Record<string, unknown>, object]>([
    [
      'a code of the right form that is the number of its patient',
      'medication',
      { code_system: 'rxnorm', code: '8000123' },
      { field: 'code', kind: 'identifier' },
    ],
    [
      'a SNOMED code with a right check digit that is a NIR',
      'diagnosis',
      { code_system: 'snomed', code: snomedNir() },
      { field: 'code', kind: 'nir' },
    ],
    [
      'a number below the limit that is the number of its patient',
      'observation',
      { value_number: 8_000_123 },
      { field: 'value_number', kind: 'identifier' },
    ],
  ])('is found by the detector in what a guard accepts: %s', async (_what, feed, more, expected) => {
    expect((await deidentified(feed, more)).withheld).toEqual([expected])
  })

  test('is withheld, and its record and the other values are kept', async () => {
    const made = await deidentified('observation', { code: 'DUPONT', value_number: 13.5 })
    expect(made).toMatchObject({ outcome: 'pass', record: { code: null, value_number: 13.5, value_unit: 'g/dL' } })
    expect(made.withheld).toEqual([{ field: 'code', kind: 'guard' }])
  })

  test('has its rules checked before it is withheld', async () => {
    expect(outcomes(await deidentified('observation', { code: '718-8' }))).toEqual([
      'guard-code=failed',
      'loinc-key=failed',
    ])
    expect(outcomes(await deidentified('diagnosis', { code: 'E11.9' }))).toEqual([
      'guard-code=failed',
      'cim10-form=failed',
    ])
    expect(outcomes(await deidentified('diagnosis', { code: 'DUPONT', code_system: 'other' }))).toEqual([
      'guard-code=failed',
      'cim10-form=not-applicable',
    ])
  })

  test.each<[string, number]>([
    ['a NIR', Number(NIR)],
    ['a telephone number', 612_345_678],
    ['the number of the patient', 8_000_123],
    ['a time to come', Date.UTC(2027, 0, 1)],
  ])('refuses the record when it is its version: %s', async (_what, value) => {
    const made = await deidentified('observation', { record_version: value })
    expect(made.outcome).toBe('guard')
    expect(JSON.parse(made.text)).toEqual([{ pointer: '/record_version', rule: 'guard-record-version' }])
  })

  test('follows the code system: the same code in another one is withheld', async () => {
    const code = async (more: object) => (await deidentified('diagnosis', more as Record<string, unknown>)).record.code
    expect([await code({ code: 'E119' }), await code({ code: 'E119', code_system: 'snomed' })]).toEqual(['E119', null])
    expect([await code({ code: '44054006', code_system: 'snomed' }), await code({ code: '44054006' })]).toEqual([
      '44054006',
      null,
    ])
  })

  test('does not change which tokens a patient has', async () => {
    const ins = NIR
    const tokens = async (identity_status: string | null) => {
      const { record } = await deidentified('patient', { ins, identity_status })
      return (await tokensOf('patient', record)).map((token) => token.split('_')[1])
    }
    expect([await tokens('VALI'), await tokens(null), await tokens('XYZ')]).toEqual([['ins', 'nir'], ['nir'], []])
  })
})

describe('a value that names nobody is kept', () => {
  test.each<[Feed, Record<string, unknown>]>([
    [
      'observation',
      { code: '8480-6', value_number: 151, value_unit: 'mm[Hg]', reference_low: 90, reference_high: 140 },
    ],
    ['observation', { code: '72166-2', value_number: null, value_unit: null, value_code: '266919005' }],
    ['observation', { code: '63586-2', value_number: 992_330, value_unit: '/a', value_code: 'LA32-8' }],
    ['medication', { code_system: 'rxnorm', code: '314076', quantity: 4, quantity_unit: 'mg', route: 'PO' }],
    ['medication', { code_system: 'ucd', code: '3400891234572', route: '26643006' }],
    ['procedure', { code_system: 'snomed', code: '454711000124102', care_unit: '3110' }],
    ['encounter', { care_unit: 'UF12', admission_mode: '8', reason_code: '82423001' }],
    ['patient', { identity_status: 'VALI', record_version: Date.UTC(2026, 0, 1) }],
    ['death', { cause_code: 'I219', record_version: 20_260_101_120_000 }],
  ])('%s %j', async (feed, more) => {
    const { record, withheld } = await deidentified(feed, more)
    expect(withheld).toEqual([])
    expect(record).toMatchObject(more)
  })

  test('a number outside of the range that is declared for its code and unit is none', async () => {
    const value = async (more: object) =>
      (await deidentified('observation', more as Record<string, unknown>)).record.value_number
    expect(await value({ code: '8310-5', value_unit: 'Cel', value_number: 37.2 })).toBe(37.2)
    expect(await value({ code: '8310-5', value_unit: 'Cel', value_number: 1950 })).toBeNull()
    expect(await value({ code: '8310-5', value_unit: 'K', value_number: 310 })).toBe(310)
  })
})
