import { expect, it } from 'vitest'
import { asRuleId, type RuleId } from '#core/contract/rule-id.ts'
import type { FieldRule } from '#core/contract/types.ts'

it.each(['ins-key', 'hl7-0445', '0', 'a'.repeat(64)])('%s is the id of a rule', (text) => {
  expect(asRuleId(text)).toBe(text)
})

it.each(['', 'a=b', 'Ins', '-a', 'a b', 'a'.repeat(65), 'é', 'ins-key\n'])('%j is not the id of a rule', (text) => {
  expect(asRuleId(text)).toBeUndefined()
})

it('no other text can be used as one: these lines do not compile', () => {
  // @ts-expect-error a text is not the id of a rule
  const id: RuleId = 'ins-key'
  // @ts-expect-error the id of a rule comes from the contract's reader only
  const rule: FieldRule = { id: 'ins-key', severity: 'flag', check: 'range', min: 1 }
  expect([id, rule.id]).toEqual(['ins-key', 'ins-key'])
})
