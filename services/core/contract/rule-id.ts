/**
 * The id of a contract's rule, told apart from any other text by its type: a fault names a rule of a contract or a code of the
 * table of faults, and nothing else.
 */
declare const ruleId: unique symbol

export type RuleId = string & { readonly [ruleId]: true }

/** Ids travel with records (`<rule>=failed`), and stand in metrics, tables and pages. */
const FORM = /^[a-z0-9][a-z0-9-]{0,63}$/

/** @returns the id, or undefined when the text does not have the form of one: up to 64 lower case letters, digits and - */
export function asRuleId(text: string): RuleId | undefined {
  return FORM.test(text) ? (text as RuleId) : undefined
}
