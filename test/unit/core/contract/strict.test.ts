import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseContract } from '#core/contract/parse.ts'

interface Field {
  name: string
  type: unknown
  privacy: Record<string, unknown>
  rules: Record<string, unknown>[]
  [key: string]: unknown
}
interface Contract {
  fields: Field[]
  rules: Record<string, unknown>[]
  [key: string]: unknown
}

/** @returns the problems of a bundled contract after the change; empty when it is accepted */
function problemsOf(feed: string, change: (contract: Contract) => unknown): readonly string[] {
  const contract = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as Contract
  change(contract)
  const result = parseContract(feed, JSON.stringify(contract))
  return result.ok ? [] : result.problems
}
function field(contract: Contract, name: string): Field {
  const found = contract.fields.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no field ${name}`)
  return found
}
function first<T>(items: readonly T[]): T {
  const [item] = items
  if (item === undefined) throw new Error('an empty list')
  return item
}
/** Moves the value of one key to another key. */
function rename(object: Record<string, unknown>, from: string, to: string): void {
  object[to] = object[from]
  delete object[from]
}

describe('a key that does not exist in any contract', () => {
  it("'wehn' for 'when' does not widen a rule", () => {
    expect(problemsOf('diagnosis', (contract) => rename(first(field(contract, 'code').rules), 'when', 'wehn'))).toEqual(
      ["field 'code': rule 'cim10-form': unknown key 'wehn'; did you mean 'when'?"],
    )
  })

  it("'sa' for 'as' does not rename a column", () => {
    expect(problemsOf('patient', (contract) => rename(field(contract, 'patient_ipp').privacy, 'as', 'sa'))).toEqual([
      "field 'patient_ipp': privacy: unknown key 'sa'; did you mean 'as'?",
    ])
  })

  it.each<[string, string, (contract: Contract) => unknown, string]>([
    [
      'the record',
      'patient',
      (contract) => Object.assign(contract, { versoin: 'record_version' }),
      "unknown key 'versoin'; did you mean 'version'?",
    ],
    [
      'a field',
      'patient',
      (contract) => rename(field(contract, 'ins'), 'linkage', 'linkeage'),
      "field 'ins': unknown key 'linkeage'; did you mean 'linkage'?",
    ],
    [
      'the type of an enum',
      'patient',
      (contract) => Object.assign(field(contract, 'sex').type as object, { defualt: 'unknown' }),
      "field 'sex': type: unknown key 'defualt'; did you mean 'default'?",
    ],
    [
      'a date that may be null',
      'patient',
      (contract) => Object.assign((field(contract, 'birth_date').type as object[])[1] ?? {}, { logicalTyp: 'date' }),
      "field 'birth_date': type[1]: unknown key 'logicalTyp'; did you mean 'logicalType'?",
    ],
    [
      'a condition',
      'observation',
      (contract) => Object.assign(first(field(contract, 'code').rules).when as object, { equal: 'loinc' }),
      "field 'code': rule 'loinc-form': when: unknown key 'equal'; did you mean 'equals'?",
    ],
    [
      'a rule of the record',
      'observation',
      (contract) => Object.assign(first(contract.rules), { opertor: '>' }),
      "rule 'reference-range-order': unknown key 'opertor'; did you mean 'operator'?",
    ],
    [
      'a condition of a rule of the record',
      'observation',
      (contract) => Object.assign(first(contract.rules), { when: { field: 'code_system', equals: 'loinc', els: 1 } }),
      "rule 'reference-range-order': when: unknown key 'els'; known keys: field, equals",
    ],
  ])('%s', (_where, feed, change, problem) => {
    expect(problemsOf(feed, change)).toEqual([problem])
  })
})

describe('a key that only another kind has', () => {
  it.each<[string, string, (contract: Contract) => unknown, string]>([
    [
      'a domain, on a field that is kept',
      'patient',
      (contract) => Object.assign(field(contract, 'sex').privacy, { domain: 'patient' }),
      "field 'sex': privacy: 'domain' is a key of pseudonymise, not of keep",
    ],
    [
      'a new name, on a field that is kept',
      'patient',
      (contract) => Object.assign(field(contract, 'sex').privacy, { as: 'gender' }),
      "field 'sex': privacy: 'as' is a key of pseudonymise, truncate, generalise, round, shift, scrub, not of keep",
    ],
    [
      'a minimum, on a pattern',
      'patient',
      (contract) => Object.assign(first(field(contract, 'birth_place_insee').rules), { min: 1 }),
      "field 'birth_place_insee': rule 'insee-commune': 'min' is a key of range, not of pattern",
    ],
    [
      'an operator, on a rule of the record that compares nothing',
      'observation',
      (contract) => Object.assign(contract.rules[1] ?? {}, { operator: '>' }),
      "rule 'number-has-unit': 'operator' is a key of compare, not of required-with",
    ],
    [
      'symbols, on a date',
      'death',
      (contract) => Object.assign(field(contract, 'died_on').type as object, { symbols: ['a'] }),
      "field 'died_on': type: 'symbols' is a key of enum, not of int",
    ],
    [
      'a length, on a number',
      'observation',
      (contract) => Object.assign(field(contract, 'value_number'), { maxLength: 8 }),
      "field 'value_number': 'maxLength' is for strings",
    ],
  ])('%s', (_what, feed, change, problem) => {
    expect(problemsOf(feed, change)).toEqual([problem])
  })
})

describe('a misspelt word of a fixed list', () => {
  it.each<[string, (contract: Contract) => unknown, string]>([
    [
      'an action',
      (contract) => Object.assign(field(contract, 'sex').privacy, { action: 'kep' }),
      "field 'sex': privacy.action: must be one of keep, pseudonymise, drop, tokenise, truncate, generalise, round, shift, scrub; did you mean 'keep'?",
    ],
    [
      'a check',
      (contract) => Object.assign(first(field(contract, 'ins').rules), { check: 'check_digit' }),
      "field 'ins': rule 'ins-key': check: must be one of pattern, range, one-of, temporal, check-digit; did you mean 'check-digit'?",
    ],
    [
      'a role in linkage',
      (contract) => Object.assign(field(contract, 'ins'), { linkage: 'isn' }),
      "field 'ins': linkage: must be one of ins, nir, identity_status, birth_family_name, birth_given_names, birth_date, sex, birth_place_insee, used_family_name, address_line, postcode, city, phone, email, same_patient; did you mean 'ins'?",
    ],
    [
      'a severity',
      (contract) => Object.assign(first(field(contract, 'ins').rules), { severity: 'flags' }),
      "field 'ins': rule 'ins-key': severity: must be reject or flag; did you mean 'flag'?",
    ],
  ])('%s', (_what, change, problem) => {
    expect(problemsOf('patient', change)).toEqual([problem])
  })
})
