/** A contract to begin with, from the columns of a sample. */
import type { ContractDraft, FieldDraft } from '#core/contract/draft.ts'
import { fold } from '../csv/names.ts'
import type { Column } from '../csv/propose.ts'
import { type ProposedField, proposeField } from './propose-field.ts'
import { OCCURRED_AT, PATIENT, RECORD_ID, skeleton } from './skeleton.ts'

export interface ContractProposal {
  readonly contract: ContractDraft
  /** A line for each column: what it became, and why. Never a value. */
  readonly notes: readonly string[]
}

/** Names that every feed has already, and so no column. */
const TAKEN = ['record_id', 'record_version', 'operation', 'patient_ipp', 'occurred_at']
/** A scrubbed or kept field has a rule that is named after it. */
const MAX_NAME = 50

/** @param columns of the sample; none for a contract with only the fields of every feed */
export function proposeContract(feed: string, doc: string, columns: readonly Column[]): ContractProposal {
  const names = new Set(TAKEN)
  const given = columns.map((column) => {
    const name = fieldName(column.name, names)
    return { column: column.name, name, ...proposeField(name, column) }
  })
  const first = (role: ProposedField['role']) => given.find((one) => one.role === role)
  const [record, patient, time] = [first('record'), first('patient'), first('event-time')]
  const fields = given
    .filter((one) => one !== record && one !== patient)
    .map(
      (one): FieldDraft => ({ name: one.name, ...(one === time ? eventTime(one) : one.field), doc: docOf(one.column) }),
    )
  const notes = given.map((one) => {
    if (one === record) return `${one.column}: ${RECORD_ID.name}, replaced by a pseudonym`
    if (one === patient) return `${one.column}: ${PATIENT.name}, replaced by a pseudonym`
    if (one === time)
      return `${one.column}: ${one.name}, the time of the record: kept as it is; \`shift\` moves it with the other dates of the patient`
    return `${one.column}: ${one.name}, ${one.why}`
  })
  const missing = [...(record ? [] : [RECORD_ID]), ...(patient ? [] : [PATIENT]), ...(time ? [] : [OCCURRED_AT])]
  return {
    contract: skeleton(feed, doc, fields, time ? { eventTime: time.name } : {}),
    notes: [
      ...notes,
      ...(columns.length === 0 ? [] : missing.map(({ name }) => `${name}: no column is it; a producer must send it`)),
    ],
  }
}

function eventTime({ field }: ProposedField): ProposedField['field'] {
  const { type } = field
  return {
    type: typeof type === 'string' || 'type' in type ? type : type[1],
    privacy: { class: 'date', action: 'keep' },
  }
}

function docOf(column: string): string {
  return `Column ${column} of the sample: say here what it means`
}

/** @returns a name that a field may have, of its own */
function fieldName(column: string, taken: Set<string>): string {
  const plain = fold(column.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')).replaceAll(/[^a-z0-9]+/g, '_')
  const trimmed = plain.replaceAll(/^_+|_+$/g, '').slice(0, MAX_NAME - 4)
  const base = /^[a-z]/.test(trimmed) ? trimmed : `column_${trimmed || 'without_name'}`
  let name = base
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`
  taken.add(name)
  return name
}
