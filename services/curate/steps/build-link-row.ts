import type { Decoder } from '#core/avro/registry.ts'
import type { PersonLink } from '#core/contract/person-link.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'

export const LINK_COLUMNS = [
  'patient_id',
  'record_id',
  'person_id',
  'method',
  'weight',
  'probability',
  'model',
  'previous_person_id',
  'change',
  'reason',
  'link_version',
  'linked_at',
] as const

/** In the order of the columns. */
export type LinkRow = readonly [
  patient: string,
  record: string,
  person: string,
  method: string,
  weight: number | null,
  probability: number | null,
  model: string,
  previous: string,
  change: string,
  reason: string,
  linkVersion: number,
  linkedAt: number,
]

const PREFIX = 'p2_'.length

const FIRST_LEVEL = /^p1_[\w-]{43}$/

/** Makes second-level pseudonyms of a message of `linked.<feed>`. `prepare` of the decoder must have loaded the schemas of the batch. */
export function buildLinkRow(
  decoder: Decoder,
  level2: Pseudonymiser,
  { unwrap }: Pick<PseudonymWrap, 'unwrap'>,
): Step<Buffer | null, LinkRow, 'undecodable'> {
  return {
    name: 'buildLinkRow',
    run: (value) => {
      const link = decoder.decode(value)?.record as unknown as PersonLink | undefined
      if (!link) return fail('undecodable')
      const [patient, record] = [unwrap(link.patient), unwrap(link.record)]
      const [person, previous] = [link.person, link.previous].map((name) => (name === null ? null : unwrap(name)))
      if (patient === undefined || record === undefined || person === undefined || previous === undefined)
        return fail('undecodable')
      const names = [patient, record, person ?? record, previous ?? record]
      if (!names.every((name) => FIRST_LEVEL.test(name))) return fail('undecodable')
      // A person has the form of those of person_link, and is named after a record, which never changes its name.
      const named = (name: string | null) =>
        name === null ? '' : `pn_${level2.pseudonym('record', name).slice(PREFIX)}`
      return pass([
        level2.pseudonym('patient', patient),
        level2.pseudonym('record', record),
        named(person),
        link.method,
        link.weight,
        link.probability,
        link.model,
        named(previous),
        link.change,
        link.reason,
        link.link_version,
        link.linked_at,
      ])
    },
  }
}
