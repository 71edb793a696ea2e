/** Every simulated record fits its contract and passes its pattern and list rules. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { isValidLoinc, isValidLuhn, isValidNir } from '#core/rules/check-digits.ts'
import { patternOf } from '#core/rules/pattern.ts'
import { DRUGS } from '../../../services/synthetic/data/drugs.ts'
import { CODED, PANELS } from '../../../services/synthetic/data/tests.ts'
import { FEEDS } from '../../../services/synthetic/records.ts'
import { ofFeed, records, START_MS, UNTIL_MS } from './worlds.ts'

/** @returns whether the workers' engine accepts the value */
function matches(pattern: string, value: string): boolean {
  const compiled = patternOf(pattern)
  return compiled.ok && compiled.test(value)
}

const contracts = loadContracts(join(import.meta.dirname, '../../../schemas/feeds'))
const made = records(40_000)

describe('every record', () => {
  test('is accepted by its contract', () => {
    const readers = new Map(contracts.map((contract) => [contract.feed, recordReader(contract, 'json')]))
    const faults = made.flatMap((one) => {
      const read = readers.get(one.feed)?.(JSON.parse(JSON.stringify(one.record)))
      return read?.ok ? [] : [`${one.feed}: ${JSON.stringify(read)}`]
    })
    expect(faults).toEqual([])
    expect(new Set(made.map(({ feed }) => feed))).toEqual(new Set(FEEDS))
  })

  test('passes the pattern and list rules of its contract', () => {
    const broken = new Set<string>()
    for (const one of made) {
      const contract = contracts.find(({ feed }) => feed === one.feed)
      const record = one.record as unknown as Record<string, unknown>
      for (const field of contract?.fields ?? []) {
        const value = record[field.name]
        if (typeof value !== 'string') continue
        for (const rule of field.rules) {
          if (rule.when && record[rule.when.field] !== rule.when.equals) continue
          if (rule.check === 'pattern' && !matches(rule.pattern, value)) broken.add(`${rule.id} ${value}`)
          if (rule.check === 'one-of' && !rule.values.includes(value)) broken.add(`${rule.id} ${value}`)
        }
      }
    }
    expect([...broken]).toEqual([])
  })

  test('is dated from the start to the last moment, and ends after it starts', () => {
    const late: string[] = []
    for (const one of made) {
      const record = one.record as unknown as Record<string, unknown>
      for (const name of [
        'started_at',
        'ended_at',
        'recorded_at',
        'performed_at',
        'effective_at',
        'authored_at',
        'updated_at',
      ]) {
        const ms = typeof record[name] === 'string' ? Date.parse(record[name]) : undefined
        if (ms !== undefined && (ms < START_MS || ms > UNTIL_MS)) late.push(`${one.feed} ${name}`)
      }
      for (const name of ['died_on', 'deceased_on', 'birth_date', 'onset_on', 'resolved_on']) {
        if (typeof record[name] === 'string' && Date.parse(record[name]) > UNTIL_MS) late.push(`${one.feed} ${name}`)
      }
      const start = record.started_at ?? record.performed_at
      if (typeof record.ended_at === 'string' && Date.parse(record.ended_at) < Date.parse(String(start)))
        late.push(`${one.feed} order`)
    }
    expect(late).toEqual([])
  })

  test('comes after the record of its patient', () => {
    const known = new Set<string>()
    const early = made.filter((one) => {
      const patient = `${one.producer}/${one.record.patient_ipp}`
      if (one.feed === 'patient') known.add(patient)
      return one.producer !== 'death-register' && !known.has(patient)
    })
    expect(early).toEqual([])
  })

  test('has an identifier that is unique within its producer and feed, except for its later versions', () => {
    const versions = new Set<string>()
    const twice = made.filter(({ producer, feed, record }) => {
      const id = `${producer}/${feed}/${record.record_id}/${record.record_version}`
      if (versions.has(id)) return true
      versions.add(id)
      return false
    })
    expect(twice).toEqual([])
  })
})

test('feeds have about the documented mix', () => {
  const share = (feed: (typeof FEEDS)[number]) => ofFeed(made, feed).length / made.length
  expect(share('patient')).toBeCloseTo(0.03, 1)
  expect(share('observation')).toBeGreaterThan(0.45)
  expect(share('observation')).toBeLessThan(0.57)
  expect(share('document')).toBeGreaterThan(0.03)
  expect(share('death')).toBeGreaterThan(0.0003)
  expect(share('death')).toBeLessThan(0.003)
})

test('corrections and cancellations have about their rates', () => {
  const others = made.filter(({ feed }) => feed !== 'patient' && feed !== 'death')
  const again = others.filter(({ record }) => record.record_version > 0)
  const cancels = again.filter(({ record }) => record.operation === 'cancel')
  expect(again.length / others.length).toBeGreaterThan(0.006)
  expect(again.length / others.length).toBeLessThan(0.018)
  expect(cancels.length).toBeGreaterThan(0)
})

describe('check digits', () => {
  test('every INS is valid; every NIR is, except the mistyped ones', () => {
    const patients = ofFeed(made, 'patient').map(({ record }) => record)
    const ins = patients.flatMap((record) => record.ins ?? [])
    const nir = patients.flatMap((record) => record.nir ?? [])
    expect(ins.filter((number) => !isValidNir(number))).toEqual([])
    const wrong = nir.filter((number) => !isValidNir(number)).length / nir.length
    expect(wrong).toBeGreaterThan(0.02)
    expect(wrong).toBeLessThan(0.09)
    expect(nir.some((number) => /^.{5}2[AB]/.test(number))).toBe(true)
    expect(nir.some((number) => number.slice(5, 7) === '99')).toBe(true)
  })

  test('LOINC, UCD and RPPS keys are correct', () => {
    const loinc = [...PANELS.flatMap(({ tests }) => tests.map((one) => one.loinc)), ...CODED.map((one) => one.loinc)]
    expect(loinc.filter((code) => !isValidLoinc(code))).toEqual([])
    expect(DRUGS.filter(({ ucd }) => !/^34008\d{8}$/.test(ucd))).toEqual([])
    expect(new Set(DRUGS.map(({ ucd }) => ucd)).size).toBe(DRUGS.length)
    const rpps = ofFeed(made, 'procedure').flatMap(({ record }) => record.performer_rpps ?? [])
    expect(rpps.filter((number) => number.length !== 11 || !isValidLuhn(number))).toEqual([])
  })
})
