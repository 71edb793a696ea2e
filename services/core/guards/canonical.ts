/** The one spelling of a code, by its code system: what else is written for the same code becomes it, in every format. */

import { guardOf, keepsValue } from '../contract/actions.ts'
import type { FeedContract, FieldContract, GuardCase } from '../contract/types.ts'
import { isValidCip7, isValidEan13 } from '../rules/check-digits.ts'
import { CODE_SYSTEMS, type CodeSystemName } from './code-systems.ts'
import { condition } from './conditions.ts'

const compact = (text: string) => text.replaceAll(/\s/g, '')
const upper = (text: string) => compact(text).toUpperCase()
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
/** Codes of 7 digits inside those of 13: `34008` for a UCD, `34009` for a CIP (ANSM). */
const inEan13 = (prefix: string) => (text: string) => {
  const digits = compact(text)
  if (!isValidCip7(digits)) return digits
  const stem = `${prefix}${digits}`
  const key = DIGITS.find((digit) => isValidEan13(`${stem}${digit}`))
  return key === undefined ? digits : `${stem}${key}`
}

/** A system without an entry has one spelling; a producer's own codes are not known, and stay as they are. */
const SPELLINGS: Partial<Record<CodeSystemName, (text: string) => string>> = {
  cim10: (text) => upper(text).replace(/^([A-Z]\d{2})\.(?=\d|\+)/, '$1'),
  icd11: upper,
  orpha: (text) => compact(text).replace(/^ORPHA(?:NET)?[:_]?/i, ''),
  ccam: upper,
  ngap: (text) =>
    upper(text)
      .replace(',', '.')
      .replace(/^([A-Z]+)(?=\d)/, '$1 '),
  snomed: compact,
  loinc: (text) => upper(text).replace(/^0+(?=\d)/, ''),
  'loinc-answer': upper,
  nabm: (text) => (/^\d+$/.test(compact(text)) ? compact(text).padStart(4, '0') : text),
  atc: upper,
  ucd: inEan13('34008'),
  cip: inEan13('34009'),
  lpp: compact,
  rxnorm: compact,
  edqm: compact,
  finess: upper,
  // The micro sign and the letter mu look alike; UCUM writes neither.
  ucum: (text) => text.replaceAll(/[µμ]/g, 'u'),
  'iso-3166': upper,
  'iso-639': (text) => compact(text).toLowerCase(),
}

/** @returns the code as its system writes it; unchanged when it is no code of the system in any spelling */
export function canonicalCode(system: CodeSystemName, text: string): string {
  const canonical = SPELLINGS[system]?.(text)
  return canonical !== undefined && CODE_SYSTEMS[system].accepts(canonical) ? canonical : text
}

/** @returns whether a value of the field can be written in several ways, of which the gateway keeps one */
export function isSpelt(field: FieldContract): boolean {
  return keepsValue(field) && guardOf(field).some(({ codes }) => codes !== undefined)
}

/**
 * @returns a function that spells the codes of a record: which system a field's code is of follows from the guard of the field. The record
 *   itself when nothing changes.
 */
export function codeSpeller(
  contract: FeedContract,
): (record: Record<string, unknown>, producer: string) => Record<string, unknown> {
  const fields = contract.fields.filter(isSpelt).map((field) => ({
    name: field.name,
    cases: guardOf(field).map((one) => ({ ...one, applies: condition(one) })),
    spelt: rememberedSpelling(),
  }))
  return (record, producer) => {
    let spelt: Record<string, unknown> | undefined
    for (const { name, cases, spelt: spellingOf } of fields) {
      const value = record[name]
      if (typeof value !== 'string') continue
      const canonical = spellingOf(
        value,
        cases.filter(({ applies }) => applies(record, producer)),
      )
      if (canonical === value) continue
      spelt ??= { ...record }
      spelt[name] = canonical
    }
    return spelt ?? record
  }
}

/** Most records have one of a few thousand codes. */
const REMEMBERED_CODES = 4096

/** @returns `spell`, with what it said of the last codes under the same cases */
function rememberedSpelling(): typeof spell {
  const known = new Map<string, string>()
  const numbers = new Map<GuardCase, number>()
  return (text, cases) => {
    let name = ''
    for (const one of cases) {
      let number = numbers.get(one)
      if (number === undefined) numbers.set(one, (number = numbers.size))
      name += `${number},`
    }
    name += `:${text}`
    let canonical = known.get(name)
    if (canonical === undefined) {
      if (known.size >= REMEMBERED_CODES) known.clear()
      canonical = spell(text, cases)
      known.set(name, canonical)
    }
    return canonical
  }
}

function spell(text: string, cases: readonly GuardCase[]): string {
  if (cases.some(({ values }) => values?.includes(text))) return text
  const systems = cases.flatMap(({ codes = [] }) => codes)
  const [first] = systems
  if (first !== undefined && systems.length === 1) return canonicalCode(first, text)
  // A field of several systems does not say which one is meant: only what separates the parts of a code is changed, never its letters.
  const accepting = systems.find((system) => CODE_SYSTEMS[system].accepts(text))
  if (accepting !== undefined) return canonicalCode(accepting, text)
  return (
    systems.map((system) => canonicalCode(system, text)).find((one) => one !== text && bare(one) === bare(text)) ?? text
  )
}

function bare(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '')
}
