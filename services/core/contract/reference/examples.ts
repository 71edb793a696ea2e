/** Examples of the reference of contracts: what is added to a contract that has only the fields of every feed. A test reads each as a contract. */

import type { ContractDraft, Draft, FieldDraft } from '../draft.ts'
import type { LeakRule } from '../leak-schema.ts'
import type { FieldRule, RecordRule } from '../rule-schema.ts'
import type { PrivacyAction } from '../types.ts'

export interface Example {
  readonly fields?: readonly FieldDraft[]
  readonly contract?: Partial<ContractDraft>
}

const DATE = { type: 'int', logicalType: 'date' } as const
const TIME = { type: 'long', logicalType: 'timestamp-millis' } as const
const nullable = <T>(type: T) => ({ type: ['null', type] as const, default: null })
const NUMBER = { name: 'weight', type: 'double', doc: 'Weight in kilograms' } as const
const KEPT = { class: 'none', action: 'keep' } as const

export const ACTION_EXAMPLES: Readonly<Record<PrivacyAction, Example>> = {
  keep: {
    fields: [
      {
        ...{ name: 'diagnosis', type: 'string', doc: 'Diagnosis', maxLength: 16 },
        privacy: { ...KEPT, on_violation: 'refuse', guard: [{ codes: ['cim10'] }] },
      },
    ],
  },
  pseudonymise: {
    fields: [
      {
        ...{ name: 'encounter_nda', ...nullable('string' as const), doc: 'Stay number' },
        privacy: { class: 'direct', action: 'pseudonymise', domain: 'encounter', as: 'encounter_id' },
      },
    ],
  },
  drop: {
    fields: [
      {
        ...{ name: 'ward_phone', ...nullable('string' as const), doc: 'Telephone of the ward' },
        privacy: { class: 'direct', action: 'drop' },
      },
    ],
  },
  tokenise: {
    fields: [
      {
        ...{ name: 'ins', ...nullable('string' as const), doc: 'INS, and its key', maxLength: 15 },
        linkage: 'ins',
        privacy: { class: 'direct', action: 'tokenise' },
      },
    ],
  },
  truncate: {
    fields: [
      {
        ...{ name: 'consented_on', ...nullable(DATE), doc: 'Date of consent' },
        privacy: { class: 'date', action: 'truncate', to: 'month', as: 'consent_month' },
      },
    ],
  },
  generalise: {
    fields: [
      {
        ...{ name: 'postcode', ...nullable('string' as const), doc: 'Postcode of residence', maxLength: 5 },
        privacy: { class: 'place', action: 'generalise', to: 'department', as: 'residence_department' },
      },
      {
        ...{ name: 'birth_date', ...nullable(DATE), doc: 'Date of birth' },
        privacy: {
          class: 'trait',
          action: 'generalise',
          to: 'age_band',
          at: 'occurred_at',
          edges: [0, 18, 65, 90],
          as: 'age',
        },
      },
    ],
  },
  round: {
    fields: [{ ...NUMBER, privacy: { class: 'none', action: 'round', step: 5, guard: [{ min: 0, max: 400 }] } }],
  },
  shift: {
    fields: [
      { name: 'seen_at', ...nullable(TIME), doc: 'Time of the visit', privacy: { class: 'date', action: 'shift' } },
    ],
    contract: { shift: { within: 182, weekday: 'keep' } },
  },
  scrub: {
    fields: [
      {
        ...{ name: 'note', ...nullable('string' as const), doc: 'Note', maxLength: 65_536 },
        privacy: { class: 'text', action: 'scrub', language: 'fr', replacement: 'tags' },
      },
    ],
  },
}

const ruled = (rule: Draft<FieldRule>, field: Pick<FieldDraft, 'name' | 'type'>): Example => ({
  fields: [{ ...field, doc: '...', privacy: { class: 'none', action: 'drop' }, rules: [rule] }],
})
const text = (name: string) => ({ name, type: 'string' }) as const

export const RULE_EXAMPLES: Readonly<Record<FieldRule['check'] | RecordRule['check'], Example>> = {
  pattern: ruled({ id: 'room-form', check: 'pattern', pattern: '^[A-Z]\\d{3}$', severity: 'flag' }, text('room')),
  range: ruled({ id: 'weight-possible', check: 'range', min: 0, max: 700, severity: 'reject' }, NUMBER),
  'one-of': ruled({ id: 'known-unit', check: 'one-of', values: ['kg', 'g'], severity: 'flag' }, text('unit')),
  temporal: ruled(
    { id: 'seen-not-in-future', check: 'temporal', notBefore: '1900-01-01', notAfter: 'received', severity: 'reject' },
    { name: 'seen_at', type: TIME },
  ),
  'check-digit': ruled({ id: 'nir-key', check: 'check-digit', algorithm: 'nir', severity: 'flag' }, text('nir')),
  compare: {
    fields: [
      { name: 'low', ...nullable('double' as const), doc: 'Lower limit', privacy: KEPT },
      { name: 'high', ...nullable('double' as const), doc: 'Upper limit', privacy: KEPT },
    ],
    contract: {
      rules: [
        { id: 'limits-in-order', check: 'compare', left: 'high', operator: '>=', right: 'low', severity: 'flag' },
      ],
    },
  },
  'required-with': {
    fields: [
      { name: 'value', ...nullable('double' as const), doc: 'Value', privacy: KEPT },
      {
        ...{ name: 'unit', ...nullable('string' as const), doc: 'Unit' },
        privacy: { ...KEPT, guard: [{ codes: ['ucum'] }] },
      },
    ],
    contract: {
      rules: [{ id: 'value-has-unit', check: 'required-with', field: 'unit', with: 'value', severity: 'flag' }],
    },
  },
}

/** Of what is neither an action nor a rule, by its heading. */
export const PART_EXAMPLES = {
  guard: {
    fields: [
      {
        ...{ name: 'test', ...nullable('string' as const), doc: 'Test of the laboratory', maxLength: 16 },
        privacy: {
          ...KEPT,
          guard: [
            { codes: ['loinc'] },
            { values: ['NFS', 'IONO'], when: [{ field: '_producer', equals: 'chu-lyon' }] },
          ],
        },
      },
    ],
  },
  facts: {
    fields: [
      {
        ...{ name: 'status', doc: 'State of the act', privacy: KEPT },
        type: { type: 'enum', name: 'Status', symbols: ['planned', 'done'] },
      },
    ],
    contract: { facts: [{ field: 'status', values: ['done'] }] },
  },
  precision: {
    fields: [
      {
        ...{ name: 'seen_at', ...nullable(TIME), doc: 'Time of the visit', precision: 'seen_precision' },
        privacy: { class: 'date', action: 'keep' },
      },
      {
        ...{ name: 'seen_precision', doc: 'How much of seen_at the producer wrote', default: null, privacy: KEPT },
        type: ['null', { type: 'enum', name: 'SeenPrecision', symbols: ['year', 'month', 'day', 'hour', 'minute'] }],
      },
    ],
  },
  leaks: {
    fields: [
      {
        ...{ name: 'admission_mode', ...nullable('string' as const), doc: 'Mode of admission', maxLength: 1 },
        privacy: { ...KEPT, guard: [{ values: ['N', 'T', 'U'] }] },
        tells: [{ event: 'birth', when: 'N', at: 'occurred_at' }],
      },
    ],
    contract: {
      accepted_leaks: [
        { leak: 'tells-birth' satisfies LeakRule, field: 'admission_mode', reason: 'births are what the study counts' },
      ],
    },
  },
} as const satisfies Readonly<Record<string, Example>>
