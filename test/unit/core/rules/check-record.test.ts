/** What is checked before a record is accepted decides as `deidentify` and `curate` do after it, for any record and any rules. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { ruleTally } from '../../../../services/curate/load/rule-tally.ts'
import { validateRecord } from '../../../../services/curate/steps/validate-record.ts'
import { deidentifyPipeline } from '../../../../services/deidentify/pipeline.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'
import { sealTokens } from '../../../helpers/sealed-tokens.ts'

interface Written {
  rules?: object[]
  fields: { name: string; rules?: object[] }[]
}
const provenance = { producer: 'hospital-1', receivedAt: Date.UTC(2026, 0, 31) * 1000 }

/** @param rules of the record @param fieldRules by field, added to those of the feed's contract */
function contractWith(feed: string, rules: object[], fieldRules: Readonly<Record<string, object[]>>): FeedContract {
  const written = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as Written
  written.rules = [...(written.rules ?? []), ...rules]
  for (const field of written.fields) field.rules = [...(field.rules ?? []), ...(fieldRules[field.name] ?? [])]
  const result = parseContract(feed, JSON.stringify(written))
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}

/** @returns what the workers do with a record: `guard` or the rule that rejects it; undefined when it is loaded */
function workers(contract: FeedContract): (record: Readonly<Record<string, unknown>>) => Promise<string | undefined> {
  const encoder = encoderOf(identifiedSchema(contract))
  const decoder = decoderOf(pseudonymisedSchema(contract))
  const deidentify = deidentifyPipeline({
    contract,
    decoder: decoderOf(identifiedSchema(contract)),
    encoder: encoderOf(pseudonymisedSchema(contract)),
    pseudonymiser: pseudonymiser(1, Buffer.alloc(32, 1)),
    tokenSecret: Buffer.alloc(32, 2),
    sealTokens,
    textResources: loadResources,
  })
  const validate = validateRecord(contract)(ruleTally())
  return async (record) => {
    const sent = { ...record, _producer: provenance.producer, _received_at: provenance.receivedAt }
    const opened = { ok: true, value: encoder.encode(sent) ?? Buffer.alloc(0) } as const
    const [left] = await deidentify.runBatch([{ message: { offset: '1', timestamp: '0' }, opened }])
    if (!left) throw new Error('a record has no result')
    if (left.kind === 'fail') return left.details[0].rule
    const decoded = decoder.decode(left.value.body.value)?.record ?? {}
    const verdict = validate.run({ origin: 1n, record: decoded, provenance })
    if (verdict instanceof Promise) throw new Error('the step waits')
    return verdict.kind === 'fail' ? verdict.details[0].rule : undefined
  }
}

const DAY = 86_400_000
/** A time before 1700 and one after 2199 are withheld where they may be null, and refuse the record elsewhere. */
const TIMES = [
  -10_000 * 365 * DAY,
  Date.UTC(1850),
  Date.UTC(2024, 4, 6),
  Date.UTC(2024, 4, 7),
  Date.UTC(2098),
  Date.UTC(2500),
]
const some = <T>(...values: T[]) => fc.constantFrom(...values)
const base = { record_id: some('r-1'), patient_ipp: some('8000123'), operation: some('upsert', 'cancel') }
const version = some(-1, 0, 3, 185_056_912_345)
const reject = (id: string, more: object) => ({ id, severity: 'reject', ...more })

/** Of each: a contract with rules that read fields which their guards may withhold, and records in which all of that happens. */
const CASES: readonly [FeedContract, fc.Arbitrary<Record<string, unknown>>, never?: string][] = [
  [
    contractWith('encounter', [reject('ended', { check: 'required-with', field: 'ended_at', with: 'started_at' })], {}),
    fc.record({
      ...base,
      record_version: version,
      kind: some('inpatient', 'other'),
      started_at: some(...TIMES),
      ended_at: some(null, ...TIMES),
    }),
  ],
  [
    contractWith(
      'observation',
      [
        reject('number-has-unit-too', { check: 'required-with', field: 'value_unit', with: 'value_number' }),
        reject('high-above-low', { check: 'compare', left: 'reference_high', operator: '>=', right: 'reference_low' }),
        reject('code-where-named', {
          check: 'required-with',
          field: 'value_code',
          with: 'code',
          when: { field: 'value_unit', equals: 'DUPONT' },
        }),
      ],
      {
        value_number: [
          reject('small-where-named', { check: 'range', max: 5, when: { field: 'value_unit', equals: 'DUPONT' } }),
        ],
        reference_low: [reject('low-positive', { check: 'range', min: 0 })],
        code: [reject('no-x', { check: 'pattern', pattern: '^[^x]*$' })],
      },
    ),
    fc.record({
      ...base,
      record_version: version,
      code_system: some('loinc', 'other'),
      code: some('718-7', '718-8', 'x', 'DUPONT x'),
      effective_at: some(...TIMES),
      value_number: some(null, 3, 9, 8_000_123),
      value_unit: some(null, 'g/dL', 'DUPONT'),
      value_code: some(null, 'LA6576-8', 'DUPONT'),
      reference_low: some(null, -1, 4, 612_345_678),
      reference_high: some(null, 2, 8, 8_000_123),
    }),
    // The unit that it waits for is withheld before `curate` could see it.
    'code-where-named',
  ],
  [
    contractWith('patient', [], { birth_family_name: [reject('no-z', { check: 'pattern', pattern: '^[^z]*$' })] }),
    fc.record({
      ...base,
      record_version: version,
      sex: some('female'),
      birth_family_name: some(null, 'Durand', 'Ruiz'),
      birth_date: some(null, -60_000, 10_000, 60_000),
      deceased_on: some(null, -200_000, 19_000, 60_000),
      updated_at: some(...TIMES),
    }),
  ],
]

describe('a record', () => {
  test.each(CASES)(
    '%#: is refused exactly when a worker would refuse it, and first by the same kind',
    async (contract, arbitrary, never) => {
      const check = recordChecker(contract)
      const later = workers(contract)
      const empty = Object.fromEntries(contract.fields.map((field) => [field.name, field.default ?? null]))
      const met = new Set<string>()
      await fc.assert(
        fc.asyncProperty(arbitrary, async (values) => {
          const record = { ...empty, ...values }
          const faults = check(record, provenance)
          const rule = await later(record)
          met.add(rule ?? 'loaded')
          expect([faults.length > 0, rule === undefined || faults.some((one) => one.rule === rule)]).toEqual([
            rule !== undefined,
            true,
          ])
        }),
        { numRuns: 3000 },
      )
      // The records do reach every rule of the case, also those that a withheld value decides.
      const ids = [...contract.recordRules, ...contract.fields.flatMap(({ rules }) => rules)]
        .filter(({ severity }) => severity === 'reject')
        .map(({ id }) => id)
      expect(ids.filter((id) => !met.has(id))).toEqual(never === undefined ? [] : [never])
      expect(met.has('loaded')).toBe(true)
    },
  )
})

test('a value that is withheld decides like null: an end that is no time is absent, and what needs it is refused', () => {
  const [[contract] = []] = CASES
  if (!contract) throw new Error('no case')
  const empty = Object.fromEntries(contract.fields.map((field) => [field.name, field.default ?? null]))
  const stay = (ended_at: number) => ({ ...empty, record_id: 'r', kind: 'other', started_at: Date.UTC(2024), ended_at })
  const rules = (ended: number) => recordChecker(contract)(stay(ended), provenance).map(({ rule }) => rule)
  expect([rules(Date.UTC(1600)), rules(Date.UTC(2023)), rules(Date.UTC(2025))]).toEqual([
    ['ended'],
    ['end-after-start'],
    [],
  ])
})
