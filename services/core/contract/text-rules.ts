/**
 * Why a text cannot be scrubbed, and so is not passed on. Each reason is counted as a rule of its own (`text-<field>-<reason>`, severity flag), so
 * that the row says why its text is missing.
 */
import { asRuleId, type RuleId, TEXT_PREFIX } from './rule-id.ts'
import type { FeedContract, FieldContract } from './types.ts'

export const UNREADABLE = {
  binary: 'it is no text: a PDF, an image, an archive, or the Base64 of one',
  encoding: 'its characters were read in a wrong encoding',
  markup: 'it is HTML, RTF or XML whose text cannot be taken out',
  language: 'it is in a language that the scrubber does not read',
} as const
export type Unreadable = keyof typeof UNREADABLE
/** Why a text is not passed on as it is, or is passed on with a flag: it cannot be read, or the scrubber is not sure of it. */
export type TextReason = Unreadable | 'uncertain'
const UNREADABLE_REASONS = Object.keys(UNREADABLE) as readonly Unreadable[]

export interface TextRule {
  readonly field: FieldContract
  readonly reason: TextReason
  /** reject: the record goes to quarantine. */
  readonly severity: 'flag' | 'reject'
  readonly id: RuleId
}

/** @returns the text as a rule is named; undefined when the field's name is too long for it */
export function textRuleId(fieldName: string, reason: TextReason): RuleId | undefined {
  return asRuleId(`${TEXT_PREFIX}${fieldName.toLowerCase().replaceAll('_', '-')}-${reason}`)
}

/** @returns for each field that is scrubbed the rules under which the texts that fail one are counted, in the contract's order */
export function textRules(contract: FeedContract): readonly TextRule[] {
  return contract.fields.flatMap((field) => {
    const { privacy } = field
    if (privacy.action !== 'scrub') return []
    const reasons: readonly TextReason[] = privacy.uncertain ? [...UNREADABLE_REASONS, 'uncertain'] : UNREADABLE_REASONS
    return reasons.map((reason) => {
      const id = textRuleId(field.name, reason)
      if (id === undefined) throw new Error('the name of a scrubbed field is too long for the names of its rules')
      const isRejected = reason === 'uncertain' && privacy.uncertain?.action === 'quarantine'
      return { field, reason, severity: isRejected ? 'reject' : 'flag', id }
    })
  })
}
