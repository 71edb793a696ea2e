import type { Decoder } from '#core/avro/registry.ts'
import type { PersonLink } from '#core/contract/person-link.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
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

const FIRST_LEVEL = /^p1_[\w-]{43}$/
const PREFIX = 'p2_'.length

/** Makes second-level pseudonyms of a message of `linked.<feed>`. `prepare` of the decoder must have loaded the schemas of the batch. */
export function buildLinkRow(decoder: Decoder, level2: Pseudonymiser): Step<Buffer | null, LinkRow, 'undecodable'> {
  const readable = (link: PersonLink) =>
    [link.patient, link.record, link.person ?? link.record, link.previous ?? link.record].every((pseudonym) =>
      FIRST_LEVEL.test(pseudonym),
    )
  return {
    name: 'buildLinkRow',
    run: (value) => {
      const link = decoder.decode(value)?.record as unknown as PersonLink | undefined
      if (!link || !readable(link)) return fail('undecodable')
      // A person has the form of those of person_link, and is named after a record, which never changes its name.
      const named = (person: string | null) =>
        person === null ? '' : `pn_${level2.pseudonym('record', person).slice(PREFIX)}`
      return pass([
        level2.pseudonym('patient', link.patient),
        level2.pseudonym('record', link.record),
        named(link.person),
        link.method,
        link.weight,
        link.probability,
        link.model,
        named(link.previous),
        link.change,
        link.reason,
        link.link_version,
        link.linked_at,
      ])
    },
  }
}
