/** A rule's id: it is sent with records (`<rule>=failed`), and appears in metrics, tables and pages. */
declare const ruleId: unique symbol

/**
 * The id of a rule of a contract. The symbol is not exported: only `asRuleId` and the contract's reader, which checks the
 * same form, make one, so that no other text can be used as the name of a rule.
 */
export type RuleId = string & { readonly [ruleId]: true }

/** As text, for JSON Schema. */
export const RULE_ID_FORM = '^[a-z0-9][a-z0-9-]{0,63}$'
const FORM = new RegExp(RULE_ID_FORM)
/** Of the rules that Chainon itself adds for the guard of each kept field. */
export const GUARD_PREFIX = 'guard-'
/** Of the rules that Chainon itself adds for each field whose text is scrubbed. */
export const TEXT_PREFIX = 'text-'

/** @returns the id, when the text has the form of one: for names that are read from messages */
export function asRuleId(text: string): RuleId | undefined {
  return FORM.test(text) ? (text as RuleId) : undefined
}
