/** What a contract's rules must have in common: names that can be told apart, and conditions that can be met. */
import { isObject } from './parse-field.ts'
import type { FieldContract, RecordRule } from './types.ts'

/** Names travel with records (`<rule>=failed`), and stand in metrics, tables and pages. */
const RULE_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
const COMPARABLE = ['integer', 'long', 'double', 'date', 'timestamp']

/** @returns every problem with the rules of a contract, each naming its rule */
export function checkRules(fields: readonly FieldContract[], recordRules: readonly RecordRule[]): string[] {
  const problems: string[] = []
  const byName = new Map(fields.map((field) => [field.name, field]))
  const rules = [
    // A rule on a field that survives is checked where only what survived is seen.
    ...fields.flatMap((field) => field.rules.map((rule) => ({ rule, survivors: field.privacy.action === 'keep' }))),
    ...recordRules.map((rule) => ({ rule, survivors: true })),
  ]
  const seen = new Set<string>()
  for (const { rule, survivors } of rules) {
    const say = (text: string) => problems.push(`rule '${rule.id}': ${text}`)
    if (!RULE_NAME.test(rule.id)) say("'id' must be up to 64 lower case letters, digits and -")
    if (seen.has(rule.id)) problems.push(`two rules are both called '${rule.id}'`)
    seen.add(rule.id)
    if (rule.check === 'compare') {
      for (const name of [rule.left, rule.right])
        if (!COMPARABLE.includes(byName.get(name)?.kind ?? 'date')) say(`'${name}' is neither a number nor a time`)
    }
    if (rule.when === undefined) continue
    const when: unknown = rule.when
    if (!isObject(when) || typeof when.field !== 'string' || typeof when.equals !== 'string') {
      say("'when' must be {field, equals}, both strings")
      continue
    }
    const field = byName.get(when.field)
    // It would never apply, and "not applicable" looks like a rule that holds.
    if (!field) say(`'when' names the field '${when.field}', which does not exist`)
    else if (field.kind !== 'string' && field.kind !== 'enum') say(`'when' needs a string or an enum`)
    else if (field.kind === 'enum' && !field.symbols.includes(when.equals))
      say(`'${when.equals}' is no symbol of '${field.name}'`)
    else if (survivors && field.privacy.action !== 'keep')
      say(`'when' looks at '${field.name}', which does not survive de-identification`)
  }
  return problems
}
