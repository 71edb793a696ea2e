/** Contracts that differ in one policy: the same field with the same values, once with an action and once dropped. */
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'

export interface Variant {
  readonly action: string
  readonly contract: FeedContract
  /** The same contract with its fields dropped. */
  readonly dropped: FeedContract
  readonly record: Readonly<Record<string, unknown>>
}

/** Fields with the action in a record: enough that what they cost is seen beside what the record costs. */
export const FIELDS = 10

interface Case {
  readonly type: unknown
  readonly privacy: Readonly<Record<string, unknown>>
  /** As the identified record has it. */
  readonly value: (index: number) => unknown
}

const DAY = 19_849
const DATE = { type: 'int', logicalType: 'date' }
const NOTE =
  'Vu en consultation avec Mme Durand Camille, née le 15/03/1979, NIR 279035121518989. Glycémie 1,32 g/L, HbA1c 7,1 %. Revoir dans trois mois, tel. 06 39 98 12 34.'

const CASES: Readonly<Record<string, Case>> = {
  pseudonymise: {
    type: 'string',
    privacy: { class: 'direct', action: 'pseudonymise', domain: 'encounter' },
    value: (index) => `nda-${index}-${index * 7919}`,
  },
  'keep, a symbol of an enum': {
    type: { type: 'enum', symbols: ['a', 'b'] },
    privacy: { class: 'none', action: 'keep' },
    value: () => 'a',
  },
  'keep, guarded by a list': {
    type: 'string',
    privacy: { class: 'none', action: 'keep', guard: [{ values: ['E119', 'I10'] }] },
    value: () => 'E119',
  },
  'keep, guarded by a code system; detector': {
    type: 'string',
    privacy: { class: 'none', action: 'keep', guard: [{ codes: ['cim10'] }] },
    value: () => 'E119',
  },
  'keep, a number in a range; detector': {
    type: 'double',
    privacy: { class: 'none', action: 'keep', guard: [{ min: 0, max: 400 }] },
    value: (index) => 13.5 + index,
  },
  'keep, a long number; detector': {
    type: 'double',
    privacy: { class: 'none', action: 'keep' },
    value: (index) => 1_234_567 + index,
  },
  'round, 2 digits; detector': {
    type: 'double',
    privacy: { class: 'none', action: 'round', digits: 2 },
    value: (index) => 13.5 + index,
  },
  'generalise, bins': {
    type: 'double',
    privacy: { class: 'none', action: 'generalise', to: 'bins', edges: [0, 10, 20, 50, 100] },
    value: (index) => 13.5 + index,
  },
  'generalise, department': {
    type: 'string',
    privacy: { class: 'place', action: 'generalise', to: 'department' },
    value: () => '69003',
  },
  'generalise, age band': {
    type: DATE,
    privacy: { class: 'trait', action: 'generalise', to: 'age_band', at: 'effective_at', edges: [0, 18, 65, 90] },
    value: (index) => 3_360 + index,
  },
  'generalise, year of birth': {
    type: DATE,
    privacy: { class: 'trait', action: 'generalise', to: 'birth_year', at: 'effective_at' },
    value: (index) => 3_360 + index,
  },
  'truncate, month': {
    type: DATE,
    privacy: { class: 'date', action: 'truncate', to: 'month' },
    value: (index) => DAY + index,
  },
  shift: { type: DATE, privacy: { class: 'date', action: 'shift' }, value: (index) => DAY + index },
  [`scrub, ${NOTE.length} characters`]: {
    type: 'string',
    privacy: { class: 'text', action: 'scrub', language: 'fr', replacement: 'tags' },
    value: () => NOTE,
  },
  'scrub with surrogates': {
    type: 'string',
    privacy: { class: 'text', action: 'scrub', language: 'fr', replacement: 'surrogates' },
    value: () => NOTE,
  },
}

/** @param observation text of the contract of observations, to which the fields are added */
export function variants(observation: string): readonly Variant[] {
  return Object.entries(CASES).map(([action, { privacy, type, value }]) => ({
    action,
    contract: contractOf(observation, type, privacy),
    dropped: contractOf(observation, type, { class: privacy.class, action: 'drop' }),
    record: Object.fromEntries(Array.from({ length: FIELDS }, (_, index) => [`x${index}`, value(index)])),
  }))
}

const RENAMED = ['truncate', 'generalise']

function contractOf(observation: string, type: unknown, privacy: Readonly<Record<string, unknown>>): FeedContract {
  const json = JSON.parse(observation) as Record<string, unknown> & { fields: unknown[] }
  const fields = Array.from({ length: FIELDS }, (_, index) => {
    const named = typeof type === 'object' && type !== null && 'symbols' in type ? { ...type, name: `X${index}` } : type
    const renamed = RENAMED.includes(String(privacy.action)) ? { as: `y${index}` } : {}
    return {
      name: `x${index}`,
      type: named,
      doc: 'One of the fields that are measured',
      privacy: { ...privacy, ...renamed },
    }
  })
  const shift = privacy.action === 'shift' ? { shift: { within: 182 } } : {}
  const result = parseContract(
    'observation',
    JSON.stringify({ ...json, ...shift, fields: [...json.fields, ...fields] }),
  )
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}
