/**
 * Chapter 4: how a record is de-identified.
 *
 * `deidentify` is the only process that sees both zones. It builds a new record field by field; nothing is copied and then removed.
 * The type of its messages contains their zone, so that identified bytes cannot be written to the pseudonymised log by mistake.
 *
 * The pipeline of the service: services/deidentify/pipeline.ts.
 */
import { expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pipeline } from '#core/pipeline/pipeline.ts'
import type { Step } from '#core/pipeline/step.ts'
import { drop, pass } from '#core/pipeline/verdict.ts'
import type { Envelope, Sink } from '#core/pipeline/zones.ts'
import { type DeidentifyPipeline, deidentifyPipeline } from '../../services/deidentify/pipeline.ts'
import { checkIdentifiedRules } from '../../services/deidentify/steps/check-identified-rules.ts'
import { decodeIdentified } from '../../services/deidentify/steps/decode-identified.ts'
import { encodePseudonymised, type PseudonymisedMessage } from '../../services/deidentify/steps/encode-pseudonymised.ts'
import { encodeTraits } from '../../services/deidentify/steps/encode-traits.ts'
import { guardValues } from '../../services/deidentify/steps/guard-values.ts'
import { keepFiles } from '../../services/deidentify/steps/keep-files.ts'
import { markQuarantined } from '../../services/deidentify/steps/mark-quarantined.ts'
import type { IdentifiedMessage, SealedMessage } from '../../services/deidentify/steps/open-sealed.ts'
import { removeIdentity } from '../../services/deidentify/steps/remove-identity.ts'
import { NO_REPORT, scrubTexts } from '../../services/deidentify/steps/scrub-texts.ts'
import { loadResources } from '../../services/deidentify/text/resources.ts'
import { sealTokens, tokensOf } from '../helpers/sealed-tokens.ts'
import { decoderOf, encoderOf } from './avro.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient')
if (!contract) throw new Error('there is no feed patient')
const decoder = decoderOf(identifiedSchema(contract))
const encoder = encoderOf(pseudonymisedSchema(contract))
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const tokenSecret = Buffer.alloc(32, 2)
const deidentify = deidentifyPipeline({
  contract,
  decoder,
  encoder,
  pseudonymiser: level1,
  tokenSecret,
  sealTokens,
  textResources: loadResources,
})
/** Texts are scrubbed for as long as they need, so a pipeline with that step runs a batch and gives way in between. */
const deidentified = async (one: SealedMessage) => {
  const [result] = await deidentify.runBatch([one])
  if (!result) throw new Error('a record has no result')
  return result
}

const identified: Record<string, unknown> = {
  ...Object.fromEntries(contract.fields.map(({ name, default: given }) => [name, given ?? null])),
  record_id: '1',
  patient_ipp: '8000123',
  birth_family_name: 'MARTIN',
  birth_given_names: 'Élodie',
  birth_date: 3650,
  sex: 'female',
  updated_at: Date.UTC(2025, 0, 1),
  _producer: 'hospital-1',
  _received_at: Date.UTC(2026, 0, 31) * 1000,
}
/** As the opener hands it over: the seal is open, or it says why it cannot be opened. */
const message = (record: Record<string, unknown>): SealedMessage => ({
  message: { offset: '42', timestamp: '0' },
  opened: { ok: true, value: encoderOf(identifiedSchema(contract)).encode(record) ?? Buffer.alloc(0) },
})

test('pseudonyms replace identifiers, tokens replace traits, and the output has neither an identifier nor a trait', async () => {
  expect(deidentify.stages).toEqual([
    'openSealed',
    'decodeIdentified',
    'checkIdentifiedRules',
    'guardValues',
    'scrubTexts',
    'keepFiles',
    'compareNumbers',
    'encodeTraits',
    'removeIdentity',
    'encodePseudonymised',
  ])
  const result = await deidentified(message(identified))
  if (result.kind !== 'pass') throw new Error(result.fault)
  const { value, headers } = result.value.body
  // A header has the origin: the offset of the record in `identified.patient`.
  expect(headers).toEqual({ 'chainon-origin': '42' })
  const record = decoderOf(pseudonymisedSchema(contract)).decode(value)?.record ?? {}
  expect(record.patient_id).toMatch(/^p1_/)
  expect((await tokensOf('patient', record)).map((token) => token.split('_')[1])).toEqual(['traits'])
  for (const identity of ['MARTIN', 'Élodie', '8000123']) expect(value.includes(identity)).toBe(false)
})

test('a record that fails leaves a marker in its place: names and rules, never the value', async () => {
  const failing = message({ ...identified, birth_date: 40_000 })
  const failed = await deidentified(failing)
  if (failed.kind !== 'fail') throw new Error('a birth in 2079 was accepted')
  const marked = markQuarantined(encoderOf(MARKER_SCHEMA)).run({ message: failing.message, failed })
  expect(decoderOf(MARKER_SCHEMA).decode(marked.value.body.value)?.record).toMatchObject({
    fault: 'rule-rejected',
    stage: 'checkIdentifiedRules',
    pointer: '/birth_date',
    rule: 'birth-not-in-future',
    producer: 'hospital-1',
  })
})

// The guarantees of the types.

test('a pipeline without the check of the rules, the guards, the texts or the removal does not compile', () => {
  const withoutRules = () =>
    pipeline<IdentifiedMessage>()
      .step(decodeIdentified(decoder), { undecodable: 'quarantined' })
      // @ts-expect-error guardValues adds to the outcomes of checkIdentifiedRules
      .step(guardValues(contract), { guard: 'quarantined' })
  const withoutGuards = () =>
    pipeline<IdentifiedMessage>()
      .step(decodeIdentified(decoder), { undecodable: 'quarantined' })
      .step(checkIdentifiedRules(contract), { 'rule-rejected': 'quarantined' })
      // @ts-expect-error scrubTexts passes on the names of the values that guardValues withholds
      .longStep(scrubTexts(contract, loadResources))
  const withoutTexts = () =>
    pipeline<IdentifiedMessage>()
      .step(decodeIdentified(decoder), { undecodable: 'quarantined' })
      .step(checkIdentifiedRules(contract), { 'rule-rejected': 'quarantined' })
      .step(guardValues(contract), { guard: 'quarantined' })
      // @ts-expect-error keepFiles passes on the scrubbed texts, which removeIdentity needs
      .batchStep(keepFiles(undefined))
      .step(encodeTraits(undefined))
  const withoutRemoval = () =>
    pipeline<IdentifiedMessage>()
      .step(decodeIdentified(decoder), { undecodable: 'quarantined' })
      // @ts-expect-error a decoded record is not an envelope of the pseudonymised zone
      .step(encodePseudonymised(encoder), { unencodable: 'quarantined' })
  expect([withoutRules, withoutGuards, withoutTexts, withoutRemoval]).toHaveLength(4)
})

test('only the result of the steps can be written to the pseudonymised log', async () => {
  const written: unknown[] = []
  const sink: Sink<'pseudonymised', PseudonymisedMessage> = { write: async (batch) => void written.push(...batch) }
  const result = await deidentified(message(identified))
  if (result.kind === 'pass') await sink.write([result.value])
  expect(written).toHaveLength(1)

  const attempts = async (raw: Buffer, other: Envelope<'identified', PseudonymisedMessage>) => {
    const body = { value: raw, headers: {}, withheld: [], report: NO_REPORT }
    // @ts-expect-error raw identified bytes
    await sink.write([raw])
    // @ts-expect-error an envelope that no step made
    await sink.write([{ zone: 'pseudonymised', body }])
    // @ts-expect-error an envelope of the other zone
    await sink.write([other])
    // @ts-expect-error a record copied into an object of the same shape
    await sink.write([{ ...identified, body }])
    // A spread removes the private brand: that is the guarantee that is tested here, and the linter warns of it elsewhere.
    // @ts-expect-error a copy of a good envelope with another body
    // oxlint-disable-next-line typescript/no-misused-spread
    if (result.kind === 'pass') await sink.write([{ ...result.value, body }])
  }
  expect(attempts).toBeTypeOf('function')
})

test('the pipeline of deidentify may not drop: an origin without a message would be a gap', () => {
  const skip: Step<IdentifiedMessage, IdentifiedMessage, never, 'replayed'> = {
    name: 'skip',
    run: (one) => (one.value ? pass(one) : drop('replayed')),
  }
  const sparse = pipeline<IdentifiedMessage>()
    .step(skip)
    .step(decodeIdentified(decoder), { undecodable: 'quarantined' })
    .step(checkIdentifiedRules(contract), { 'rule-rejected': 'quarantined' })
    .step(guardValues(contract), { guard: 'quarantined' })
    .longStep(scrubTexts(contract, loadResources), { 'rule-rejected': 'quarantined' })
    .batchStep(keepFiles(undefined))
    .step(encodeTraits(undefined))
    .step(removeIdentity(contract, level1, tokenSecret, sealTokens))
    .step(encodePseudonymised(encoder), { unencodable: 'quarantined' })
    .buildBatch()
  // @ts-expect-error it may drop a message
  const dense: DeidentifyPipeline = sparse
  expect(dense.stages[0]).toBe('skip')
})
