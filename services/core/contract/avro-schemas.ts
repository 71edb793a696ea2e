/** The two Avro schemas of a feed. Names that begin with `_` are Chainon's own and no contract may use them. */
import type { FeedContract, FieldContract } from './types.ts'

export interface AvroRecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly doc?: string
  readonly fields: readonly {
    readonly name: string
    readonly type: unknown
    readonly default?: unknown
    readonly doc?: string
  }[]
}

const ORIGIN_FIELDS = [
  { name: '_producer', type: 'string', doc: 'Producer that the API key stands for' },
  { name: '_received_at', type: 'long', doc: 'When the gateway took the record, milliseconds since 1970' },
] as const

/** What the gateway writes to `identified.<feed>`: the contract's fields, with who sent them and when. */
export function identifiedSchema(contract: FeedContract): AvroRecordSchema {
  return {
    type: 'record',
    name: contract.name,
    namespace: `${contract.namespace}.identified`,
    doc: contract.doc,
    fields: [
      ...contract.fields.map((field) => ({ name: field.name, type: plain(field.avroType), ...withDefault(field) })),
      ...ORIGIN_FIELDS,
    ],
  }
}

/** What `deidentify` writes to `pseudonymised.<feed>`: only what the privacy attributes let through. */
export function pseudonymisedSchema(contract: FeedContract): AvroRecordSchema {
  return {
    type: 'record',
    name: contract.name,
    namespace: `${contract.namespace}.pseudonymised`,
    doc: contract.doc,
    fields: [
      ...survivingFields(contract).map((field) => ({
        name: field.as,
        type: survivingType(field),
        ...withDefault(field, true),
      })),
      ...ORIGIN_FIELDS,
      {
        name: '_rule_outcomes',
        type: { type: 'array', items: 'string' },
        default: [],
        doc: "Rules on fields that do not survive: '<rule>=failed' or '<rule>=not-applicable'; absent means passed",
      },
      ...(contract.linked
        ? [
            {
              name: '_tokens',
              type: { type: 'array', items: 'string' },
              default: [],
              doc: 'Linkage tokens, first level',
            },
          ]
        : []),
    ],
  }
}

/** The full name by which a decoded message is told from a record. */
export function fullName(schema: AvroRecordSchema): string {
  return `${schema.namespace}.${schema.name}`
}

/** @returns the fields of which something is left after de-identification, in the contract's order */
export function survivingFields(contract: FeedContract): readonly FieldContract[] {
  return contract.fields.filter((field) => !['drop', 'tokenise', 'scrub'].includes(field.privacy.action))
}

function survivingType(field: FieldContract): unknown {
  switch (field.privacy.action) {
    case 'keep':
      return plain(field.avroType)
    case 'pseudonymise':
      return field.nullable ? ['null', 'string'] : 'string'
    case 'truncate':
      return ['null', { type: 'int', logicalType: 'date' }]
    case 'generalise':
      return ['null', 'string']
    case 'drop':
    case 'tokenise':
    case 'scrub':
      throw new Error(`field ${field.name} does not survive`)
  }
}

function withDefault(field: FieldContract, surviving = false): { default?: unknown } {
  if (surviving && ['truncate', 'generalise'].includes(field.privacy.action)) return { default: null }
  return field.default === undefined ? {} : { default: field.default }
}

/** A named type may be defined once in a schema; the contracts use each name once, so the type is taken as it is. */
function plain(type: unknown): unknown {
  return structuredClone(type)
}
