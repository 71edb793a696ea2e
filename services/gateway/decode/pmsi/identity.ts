/** VID-HOSP -> `patient`: what it says of the patient, and never of the insured, who may be another person. */
import { VID_HOSP } from '#core/pmsi/layout.ts'
import type { Line } from './line.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { type Birth, birthOf, requiredText, sexOf, textOf } from './values.ts'

export interface IdentitySource {
  readonly line: Line
  /** When the gateway received it, milliseconds since 1970. */
  readonly receivedAt: number
}

const RECEIVED = 'when the gateway received it'
const { birth, sex, nir, ipp, ins } = VID_HOSP

export const PATIENT: RecordMap<IdentitySource> = {
  feed: 'patient',
  line: 'VID-HOSP',
  fields: {
    record_id: {
      from: [ipp],
      note: '`vid-hosp/` and the IPP: it does not replace the identity that another format brings',
      read: ({ line }) => {
        const id = requiredText(line, ipp)
        return id instanceof Refusal ? id : `vid-hosp/${id}`
      },
    },
    record_version: { from: [], note: RECEIVED, read: ({ receivedAt }) => receivedAt },
    operation: { from: [], note: '`upsert`', read: () => 'upsert' },
    patient_ipp: { from: [ipp], read: ({ line }) => requiredText(line, ipp) },
    ins: { from: [ins], read: ({ line }) => withoutZeros(textOf(line, ins)) },
    nir: { from: [nir], note: "the patient's own, with its key", read: ({ line }) => withoutZeros(textOf(line, nir)) },
    birth_date: { from: [birth], note: 'null where the day is 00', read: ({ line }) => ofBirth(line, (it) => it.date) },
    birth_partial: {
      from: [birth],
      note: 'the first day of the month or the year, where the day, or day and month, are 00',
      read: ({ line }) => ofBirth(line, (it) => it.partial),
    },
    birth_precision: { from: [birth], read: ({ line }) => ofBirth(line, (it) => it.precision) },
    sex: { from: [sex], note: '1 male, 2 female, 3 unknown', read: ({ line }) => sexOf(line, sex) },
    updated_at: { from: [], note: RECEIVED, read: ({ receivedAt }) => new Date(receivedAt).toISOString() },
  },
}

function ofBirth(line: Line, part: (birth: Birth) => string | null): string | null | Refusal {
  const found = birthOf(line, birth)
  return found instanceof Refusal ? found : part(found)
}

/** A number that is not known is empty, or zeros. */
function withoutZeros(number: string | null): string | null {
  return number !== null && /^0*$/.test(number) ? null : number
}
