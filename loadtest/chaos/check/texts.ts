/**
 * What the checker knows of scrubbed texts without the scrubber, which is not independent: whether a text can be read at all, and what may not be
 * in one that was passed on. That the same text gives the same result is compared where a message is written twice.
 */
import { TEXT_NAMES, TEXT_PHONE } from '../load/texts.ts'
import type { Values } from './log.ts'

/** The reasons for which a text is left out, as the contract's rules count them; a fixed language is always read. */
const REASONS: Readonly<Record<string, (text: string) => boolean>> = {
  binary: (text) => text.startsWith('%PDF'),
  encoding: (text) => text.includes('\ufffd'),
  markup: (text) => text.startsWith('<?xml'),
  language: () => false,
}

export interface TextOutcome {
  readonly rule: string
  readonly outcome: 'passed' | 'failed' | 'not-applicable'
}

/** @returns the outcome of each rule on a text that is scrubbed */
export function textOutcomes(field: string, value: unknown): readonly TextOutcome[] {
  const reason = typeof value === 'string' ? reasonOf(value) : undefined
  return Object.keys(REASONS).map((name) => ({
    rule: `text-${field.replaceAll('_', '-')}-${name}`,
    // A text that is left out is null for the other rules.
    outcome:
      name === reason ? 'failed' : typeof value === 'string' && reason === undefined ? 'passed' : 'not-applicable',
  }))
}

/** What may not be left of the texts of one record. */
export interface ExpectedText {
  readonly field: string
  readonly leftOut: boolean
  readonly identities: readonly string[]
}

/** @returns for each text of the record what its scrubbed form must be */
export function expectedTexts(fields: readonly string[], record: Values, subject: string): readonly ExpectedText[] {
  return fields.flatMap((field) => {
    const value = record[field]
    if (typeof value !== 'string') return []
    const identities = [String(record[subject]), TEXT_NAMES, TEXT_PHONE].filter((one) => value.includes(one))
    return [{ field, leftOut: reasonOf(value) !== undefined, identities }]
  })
}

/** @returns whether a pseudonymised record has the texts that it may have, and no other */
export function textsHold(scrubbed: readonly string[], expected: readonly ExpectedText[], record: Values): boolean {
  return scrubbed.every((field) => {
    const text = record[field] ?? null
    const wanted = expected.find((one) => one.field === field)
    if (!wanted || wanted.leftOut) return text === null
    return typeof text === 'string' && !wanted.identities.some((one) => text.includes(one))
  })
}

const reasonOf = (text: string) => Object.keys(REASONS).find((name) => REASONS[name]?.(text))
