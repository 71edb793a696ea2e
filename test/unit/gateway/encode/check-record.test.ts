/** A record that a rule of severity reject would undo later is not accepted: the receipt says which rule, where, and what is allowed. */
import { expect, onTestFinished, test } from 'vitest'
import { type Feed, recordOf } from '../../../helpers/records.ts'
import { adt, PV1 } from '../decode/hl7/messages.ts'
import { contracts, harness } from '../harness.ts'

async function gateway() {
  const started = await harness()
  onTestFinished(() => started.close())
  return started
}

const OLD = '1850-01-01T00:00:00Z'
const LATE = '2150-01-01T00:00:00Z'
const valid = (feed: string, more: Record<string, unknown> = {}) => recordOf(feed as Feed, 'r', '8000123', more)
const time = (field: string, after: string) => ({ [after]: { [field]: OLD }, 'not-in-future': { [field]: LATE } })
/** Of each feed and rule of severity reject: fields that fail it and no other rule. */
const FAILING: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  death: {
    'birth-after-1900': { birth_date: '1850-01-01' },
    'birth-not-in-future': { birth_date: '2150-01-01' },
    'death-after-1900': { died_on: '1850-01-01' },
    'not-in-future': { died_on: '2150-01-01' },
  },
  diagnosis: { 'cim10-form': { code: 'zqx wrong' }, ...time('recorded_at', 'recorded-after-1900') },
  document: time('authored_at', 'authored-after-1900'),
  encounter: {
    'end-after-start': { ended_at: '2024-05-05T07:08:09Z' },
    'start-after-1900': { started_at: OLD },
    'not-in-future': { started_at: LATE, ended_at: null },
  },
  imaging: time('acquired_at', 'acquired-after-1900'),
  medication: time('started_at', 'start-after-1900'),
  observation: time('effective_at', 'effective-after-1900'),
  patient: {
    'birth-after-1900': { birth_date: '1850-01-01' },
    'birth-not-in-future': { birth_date: '2150-01-01' },
    'death-not-in-future': { deceased_on: '2150-01-01' },
    'not-in-future': { updated_at: LATE },
  },
  patient_merge: { 'not-in-future': { stated_at: '2150-01-01T00:00:00Z' } },
  pmsi_stay: {
    'entered-after-1900': { entered_on: '1850-01-01' },
    'left-after-entry': { left_on: '2024-05-05' },
    'not-in-future': { entered_on: '2150-01-01', left_on: '2150-01-02' },
  },
  procedure: { 'ccam-form': { code: 'zqx wrong' }, ...time('performed_at', 'performed-after-1900') },
}

test('a record is rejected by each rule of severity reject of each feed, in both zones; the receipt has no value', async () => {
  const { post, written, metrics } = await gateway()
  for (const contract of contracts) {
    const { feed } = contract
    const rules = [...contract.fields.flatMap((field) => field.rules), ...contract.recordRules]
    const rejecting = rules.filter(({ severity }) => severity === 'reject').map(({ id }) => id)
    const failing = { 'version-not-negative': { record_version: -1 }, ...FAILING[feed] }
    expect([feed, Object.keys(failing).toSorted()]).toEqual([feed, rejecting.toSorted()])
    const send = (fields: Record<string, unknown>) =>
      post(feed, 'application/json', JSON.stringify(valid(feed, fields)))
    expect([feed, (await send({})).statusCode]).toEqual([feed, 202])
    for (const [rule, fields] of Object.entries(failing)) {
      const answer = await send(fields)
      const [[name, value] = ['', '']] = Object.entries(fields)
      const { errors } = answer.json<{ errors: { pointer: string; rule: string }[] }>()
      expect([feed, answer.statusCode, errors.map((one) => [one.pointer, one.rule])]).toEqual([
        feed,
        422,
        [[`/${name}`, rule]],
      ])
      expect(answer.body).not.toContain(value)
    }
  }
  expect(written.length).toBe(contracts.length)
  expect(await metrics.scrape()).toMatch(
    /chainon_gateway_rejected_total\{[^}]*feed="diagnosis"[^}]*stage="checkRecord"[^}]*rule="cim10-form"[^}]*\} 1/,
  )
})

test('every fault of a record is named at once, guards and rules, with what is allowed', async () => {
  const { post } = await gateway()
  const record = valid('diagnosis', { code: 'zqx', recorded_at: OLD, record_version: 185056912345 })
  const answer = await post('diagnosis', 'application/json', JSON.stringify(record))
  expect(answer.json<{ errors: unknown }>().errors).toMatchObject([
    {
      pointer: '/record_version',
      rule: 'guard-record-version',
      detail: expect.stringContaining('the guard of its field'),
    },
    {
      pointer: '/code',
      rule: 'cim10-form',
      detail:
        'The value must match the regular expression `^[A-Z]\\d{2}(\\d{0,3}|\\d?\\+\\d{1,2})$`. It applies where code_system is cim10.',
    },
    { pointer: '/recorded_at', rule: 'recorded-after-1900', detail: 'The value must be not before 1900-01-01.' },
  ])
})

test('the code is judged in the spelling of its code system, and a rule of severity flag rejects nothing', async () => {
  const { post } = await gateway()
  const flagged = valid('observation', { code: '718-8' })
  expect((await post('observation', 'application/json', JSON.stringify(flagged))).statusCode).toBe(202)
  for (const code of ['E11.9', 'e11.9', ' E119']) {
    const record = valid('diagnosis', { code })
    expect([code, (await post('diagnosis', 'application/json', JSON.stringify(record))).statusCode]).toEqual([
      code,
      202,
    ])
  }
})

test('a failed rule is placed in the terms of the format: FHIR and HL7 v2', async () => {
  const { post } = await gateway()
  const patient = {
    resourceType: 'Patient',
    identifier: [
      { type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'PI' }] }, value: '8000123' },
    ],
    gender: 'female',
    birthDate: '1850-01-01',
  }
  const bundle = { resourceType: 'Bundle', type: 'batch', entry: [{ resource: patient }] }
  const fhir = await post('fhir', 'application/fhir+json', JSON.stringify(bundle))
  expect(fhir.json()).toMatchObject({
    errors: [{ feed: 'patient', path: 'Bundle.entry[0].resource.birthDate', rule: 'birth-after-1900' }],
  })
  const hl7 = await post('hl7', 'application/hl7-v2', adt('A01', PV1).replace('19790315', '18790315'))
  expect(hl7.json()).toMatchObject({ errors: [{ feed: 'patient', path: 'PID[1]-7', rule: 'birth-after-1900' }] })
})
