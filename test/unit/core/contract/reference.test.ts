/** docs/contract.md: the page is that of the code, says something of every key, and each of its examples is a contract. */
import { readFileSync } from 'node:fs'
import Type, { type TSchema } from 'typebox'
import { describe, expect, it } from 'vitest'
import { parseContract } from '#core/contract/parse.ts'
import { ACTION_EXAMPLES, type Example, PART_EXAMPLES, RULE_EXAMPLES } from '#core/contract/reference/examples.ts'
import { REFERENCE_FILE, referencePage } from '#core/contract/reference/page.ts'
import { Contract } from '#core/contract/schema.ts'
import { contractText, skeleton } from '../../../../services/cli/contract/skeleton.ts'

/** The word that says which of several objects it is needs no meaning of its own. */
const WORDS = ['action', 'check', 'type', 'logicalType']

/** @returns the keys, however deep, without a description */
function undescribed(schema: TSchema, path: string): readonly string[] {
  if (Type.IsObject(schema))
    return Object.entries(schema.properties).flatMap(([key, property]) => {
      const silent = !('description' in property) && !WORDS.includes(key)
      return [...(silent ? [`${path}.${key}`] : []), ...undescribed(property, `${path}.${key}`)]
    })
  if (Type.IsTuple(schema)) return schema.items.flatMap((item) => undescribed(item, path))
  if (Type.IsArray(schema)) return undescribed(schema.items, path)
  return Type.IsUnion(schema) ? schema.anyOf.flatMap((one) => undescribed(one, path)) : []
}

it('is the page of the code: `npm run docs` writes it', () => {
  expect(readFileSync(REFERENCE_FILE, 'utf8')).toBe(referencePage())
})

it('says of every key what it means', () => {
  expect(undescribed(Contract, 'contract')).toEqual([])
  expect(undescribed(Type.Object({ new_key: Type.String() }), 'contract')).toEqual(['contract.new_key'])
})

describe('an example is a valid contract', () => {
  const examples: readonly [string, Example][] = [
    ...Object.entries(ACTION_EXAMPLES),
    ...Object.entries(RULE_EXAMPLES),
    ...Object.entries(PART_EXAMPLES),
  ]
  it.each(examples)('%s', (name, { contract = {}, fields = [] }) => {
    const text = contractText(skeleton('example', 'An example', fields, {}, contract))
    const result = parseContract('example', text)
    expect(result.ok ? [] : result.problems).toEqual([])
    // It shows what it is an example of.
    if (name in ACTION_EXAMPLES) expect(fields.some(({ privacy }) => privacy.action === name)).toBe(true)
    if (name in RULE_EXAMPLES) expect(text).toContain(`"check": "${name}"`)
  })
})
