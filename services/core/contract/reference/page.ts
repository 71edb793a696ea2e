/** The reference of contracts, docs/contract.md: made from the schema that reads them and from the tables that check them. */
import Type, { type TObject, type TSchema } from 'typebox'
import { expected, symbolsOf } from '../../schema/describe.ts'
import { ACTIONS, CLASS_ALLOWS } from '../actions.ts'
import { GENERALISATIONS } from '../check-privacy.ts'
import { EDITOR_SCHEMA_FILE } from '../editor-schema.ts'
import { Guard } from '../guard-schema.ts'
import { AcceptedLeak, LEAKS, Tells } from '../leak-schema.ts'
import { CHECKS } from '../parse-field.ts'
import { Privacy } from '../privacy-schema.ts'
import { CLASSES } from '../privacy-table.ts'
import { FieldRule, RecordRule } from '../rule-schema.ts'
import { Contract, Field, FieldType, LinkageRole, Shift } from '../schema.ts'
import type { PrivacyAction, PrivacyClass, ValueKind } from '../types.ts'
import { ACTION_EXAMPLES, type Example, PART_EXAMPLES, RULE_EXAMPLES } from './examples.ts'

export const REFERENCE_FILE = 'docs/contract.md'

export function referencePage(): string {
  return `# The contract of a feed

Made from \`services/core/contract/schema.ts\` by \`chainon config --write\`; a test compares the two, and reads each example. A contract is one file,
\`schemas/feeds/<feed>.avsc\`: an Avro record schema with what becomes of each field. \`chainon feeds new\` writes one to begin with, \`chainon feeds check FILE\`
says what is wrong with it, and \`chainon feeds diff\` what a change means for what was written before. What the guards, the less exact values and the code systems
mean in detail: [schemas/README.md](../schemas/README.md).

An editor that reads JSON Schema completes and checks a contract while it is written, by its first key: \`"$schema": "../feed-contract.schema.json"\`
([${EDITOR_SCHEMA_FILE}](../${EDITOR_SCHEMA_FILE})). Only \`feeds check\` knows what needs two fields (names that exist and survive, ids that differ), a pattern, or another contract.

## Keys of a contract
${keys(Contract)}

## Keys of a field
${keys(Field)}

### Types
| type | what it is |
| --- | --- |
${FieldType.anyOf.map(typeRow).join('\n')}

### Roles of \`linkage\`
${words(symbolsOf(LinkageRole))}.

## Privacy classes
| class | what the value is | actions |
| --- | --- | --- |
${(Object.keys(CLASS_ALLOWS) as PrivacyClass[]).map(classRow).join('\n')}

## Privacy actions
${variants(Privacy)
  .map((variant) => actionSection(variant, wordOf(variant, 'action') as PrivacyAction))
  .join('\n')}
## Guards
A case of a \`guard\`:
${variants({ anyOf: [Guard.items] })
  .map((one) => keys(one))
  .join('\n')}

${example(PART_EXAMPLES.guard)}
## Rules of a field
${variants(FieldRule)
  .map((variant) => ruleSection(variant, wordOf(variant, 'check')))
  .join('\n')}
## Rules between fields
${variants(RecordRule)
  .map((variant) => ruleSection(variant, wordOf(variant, 'check')))
  .join('\n')}
## Facts
${keys(Contract.properties.facts.items)}

${example(PART_EXAMPLES.facts)}
## Precision of dates
${example(PART_EXAMPLES.precision)}
## Shift of dates
${keys(Shift)}

## Columns that undo a decision
A field says with \`tells\`:
${keys(Tells)}

An entry of \`accepted_leaks\`:
${keys(AcceptedLeak)}

| leak | the column |
| --- | --- |
${Object.entries(LEAKS)
  .map(([leak, meaning]) => `| \`${leak}\` | ${meaning} |`)
  .join('\n')}

${example(PART_EXAMPLES.leaks)}`
    .trimEnd()
    .concat('\n')
}

function words(list: readonly string[]): string {
  return list.map((word) => `\`${word}\``).join(', ')
}

function variants(union: { readonly anyOf: readonly TSchema[] }): readonly TObject[] {
  return union.anyOf.filter(Type.IsObject)
}

function wordOf(variant: TObject, key: string): string {
  return symbolsOf(variant.properties[key] ?? Type.Unknown())[0] ?? ''
}

function described(schema: TSchema): string {
  return (schema as { readonly description?: string }).description ?? ''
}

/** @param only words that a key may have here, where they are fewer than those of its schema */
function keys(object: TObject, only: Readonly<Record<string, readonly string[]>> = {}): string {
  const rows = Object.entries(object.properties).map(([key, property]) => {
    const value = only[key] ? words(only[key]) : valueOf(property)
    return `| \`${key}\` | ${Type.IsOptional(property) ? '' : 'yes'} | ${value} | ${described(property)} |`
  })
  return `| key | required | value | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}`
}

/** What a key may have, in short: what is a table of its own is named only. */
function valueOf(schema: TSchema): string {
  const symbols = symbolsOf(schema)
  if (symbols.length > 0) return words(symbols)
  if (Type.IsTuple(schema)) return expected(schema)
  if (Type.IsArray(schema)) {
    const items = symbolsOf(schema.items)
    return `a list${items.length > 0 ? ` of ${words(items)}` : ''}`
  }
  if (Type.IsObject(schema)) return `an object with ${Object.keys(schema.properties).join(', ')}`
  return Type.IsUnion(schema) ? 'see below' : Type.IsUnknown(schema) ? 'a value of the type' : expected(schema)
}

function typeRow(type: TSchema): string {
  if (Type.IsTuple(type)) return '| `["null", T]` | one of the others, or null; with `"default": null` |'
  if (!Type.IsObject(type)) return `| ${valueOf(type)} | |`
  const fixed = Object.entries(type.properties).map(
    ([key, property]) => `"${key}": ${JSON.stringify(symbolsOf(property)[0]) ?? '...'}`,
  )
  return `| \`{ ${fixed.join(', ')} }\` | ${described(type)} |`
}

function classRow(name: PrivacyClass): string {
  return `| \`${name}\` | ${CLASSES[name]} | ${words(CLASS_ALLOWS[name])} |`
}

function actionSection(variant: TObject, action: PrivacyAction): string {
  const { kinds, leaves } = ACTIONS[action]
  const classes = (Object.keys(CLASS_ALLOWS) as PrivacyClass[]).filter((name) => CLASS_ALLOWS[name].includes(action))
  const targets = action === 'generalise' ? `\n${generalisations()}\n` : ''
  return `### \`${action}\`
${described(variant)}. For ${kindWords(kinds)}; left is ${LEFT[leaves]}.
${keys(variant, { class: classes })}
${targets}
${example(ACTION_EXAMPLES[action])}`
}

const LEFT = {
  value: 'the value',
  near: 'a value beside it',
  coarser: 'a less exact value',
  pseudonym: 'a pseudonym',
  scrubbed: 'a text without what was found to identify a person',
  nothing: 'nothing',
} as const

function generalisations(): string {
  const rows = Object.entries(GENERALISATIONS).map(
    ([to, { leaves, classes, kinds, needs }]) =>
      `| \`${to}\` | ${leaves} | ${classes.join(', ')} | ${kindWords(kinds)} | ${words(needs)} |`,
  )
  return `| \`to\` | left is | class | for | needs |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`
}

function ruleSection(variant: TObject, check: string): string {
  const kinds = Object.hasOwn(CHECKS, check) ? ` For ${kindWords(CHECKS[check as keyof typeof CHECKS].kinds)}.` : ''
  return `### \`${check}\`
${described(variant)}.${kinds}
${keys(variant)}

${example(RULE_EXAMPLES[check as keyof typeof RULE_EXAMPLES])}`
}

const KIND_WORDS: Readonly<Record<ValueKind, string>> = {
  string: 'strings',
  integer: 'int',
  long: 'long',
  double: 'double',
  boolean: 'booleans',
  date: 'dates',
  timestamp: 'times',
  enum: 'enums',
}

function kindWords(kinds: readonly ValueKind[] | 'all'): string {
  return kinds === 'all' ? 'every type' : kinds.map((kind) => KIND_WORDS[kind]).join(', ')
}

function example({ contract, fields = [] }: Example): string {
  const more = Object.entries(contract ?? {}).map(([key, value]) => `${JSON.stringify(key)}: ${inOneLine(value)}`)
  return `\`\`\`json\n${[...more, ...fields.map(inOneLine)].join('\n')}\n\`\`\`\n`
}

/** JSON as a person writes a short object. */
export function inOneLine(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/([[{])\n\s*|\n\s*([\]}])|\n\s*/g, (_all, open, close) =>
    open === '{' ? '{ ' : close === '}' ? ' }' : (open ?? close ?? ' '),
  )
}
