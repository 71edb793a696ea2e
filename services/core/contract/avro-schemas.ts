/** The two Avro schemas of a feed. Names that begin with `_` are Chainon's own and no contract may use them. */
import { storedForm, survives } from './actions.ts'
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
  { name: '_producer', type: 'string', doc: 'Producer that the API key belongs to' },
  {
    name: '_received_at',
    type: { type: 'long', logicalType: 'timestamp-micros' },
    doc: 'When the gateway received the record; each record of a gateway has a later one',
  },
] as const

/** What the gateway writes to `identified.<feed>`: the contract's fields, with who sent them and when. */
export function identifiedSchema(contract: FeedContract): AvroRecordSchema {
  return {
    type: 'record',
    name: contract.name,
    namespace: `${contract.namespace}.identified`,
    doc: contract.doc,
    fields: [
      ...contract.fields.map((field) => ({
        name: field.name,
        type: structuredClone(field.avroType),
        ...(field.default === undefined ? {} : { default: field.default }),
      })),
      ...ORIGIN_FIELDS,
    ],
  }
}

/** Of the file that a record came with; all null for a record without one. */
const OBJECT_FIELDS = [
  {
    name: '_object',
    type: ['null', 'string'],
    default: null,
    doc: 'Name of the de-identified file in the object store',
  },
  { name: '_object_bytes', type: ['null', 'long'], default: null, doc: 'Its size' },
  { name: '_object_sha256', type: ['null', 'string'], default: null, doc: 'Its SHA-256, hexadecimal' },
  { name: '_object_state', type: ['null', 'string'], default: null, doc: 'kept, or why the file is not' },
] as const

/** What `deidentify` writes to `pseudonymised.<feed>`: only what the privacy attributes allow. */
export function pseudonymisedSchema(contract: FeedContract): AvroRecordSchema {
  return {
    type: 'record',
    name: contract.name,
    namespace: `${contract.namespace}.pseudonymised`,
    doc: contract.doc,
    fields: [
      ...contract.fields.flatMap((field) => {
        const stored = storedForm(field)
        return stored ? [{ name: field.as, type: stored.avroType, ...stored.default }] : []
      }),
      ...(contract.objects ? OBJECT_FIELDS : []),
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
              name: '_sealed_tokens',
              type: 'bytes',
              default: '',
              doc: 'Linkage tokens of the first level, sealed for curate',
            },
          ]
        : []),
    ],
  }
}

/** The full name, which distinguishes a marker from a record. */
export function fullName(schema: AvroRecordSchema): string {
  return `${schema.namespace}.${schema.name}`
}

/** @returns the fields of which something is left after de-identification, in the contract's order */
export function survivingFields(contract: FeedContract): readonly FieldContract[] {
  return contract.fields.filter(survives)
}

/** @returns the fields of a feed that are stored as pseudonyms, under their names in the pseudonymised zone */
export function pseudonymFields(
  contract: FeedContract,
): readonly { readonly column: string; readonly domain: string }[] {
  return survivingFields(contract).flatMap(({ as, privacy }) =>
    privacy.action === 'pseudonymise' ? [{ column: as, domain: privacy.domain }] : [],
  )
}
