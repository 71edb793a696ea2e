/** DocumentReference -> `document`: the text of its attachments; an attachment that is not text (a PDF, an image) adds nothing. */

import { type Json, joined, object, objects, text } from '#core/fhir/json.ts'
import { namesByLine, otherNames } from '../names-in-text.ts'
import type { Bundle } from './bundle.ts'
import { codeOf } from './codes.ts'
import { HEAD_PATHS, headOf, type Mapped, ndaOf, one, type Paths, performerRpps, unresolved } from './common.ts'
import { momentOf, startOf } from './dates.ts'
import { type Refuse, symbolOf } from './refuse.ts'
import { type Traits, traitsOf } from './traits.ts'

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}$/

/** Texts with marks, which `deidentify` takes out. */
const MARKED_UP = /^application\/(?:rtf|xhtml\+xml|xml|hl7-cda\+xml)(?:;|$)/

const STATUSES = ['current', 'superseded']
const COMPLETION = ['preliminary', 'final', 'amended']

const TRAITS_PATHS: Paths[string] = {
  patient_birth_family_name: 'subject',
  patient_birth_given_names: 'subject',
  patient_used_family_name: 'subject',
  patient_other_names: 'subject',
  patient_birth_date: 'subject',
  patient_address_line: 'subject',
  patient_postcode: 'subject',
  patient_city: 'subject',
  patient_phone: 'subject',
  patient_email: 'subject',
  professional_names: 'author',
}

export const DOCUMENT_REFERENCE_PATHS: Paths = {
  document: {
    ...HEAD_PATHS,
    operation: ['status', 'docStatus'],
    encounter_nda: 'context.encounter[0]',
    kind_system: 'type',
    kind: 'type',
    kind_source: 'type',
    authored_at: ['date', 'context.period.start'],
    authored_precision: ['date', 'context.period.start'],
    author_rpps: 'author[0]',
    title: ['description', 'content.attachment.title'],
    text: 'content.attachment.data',
    status: 'status',
    doc_status: 'docStatus',
    ...TRAITS_PATHS,
  },
}

export function mapDocumentReference(document: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(document, bundle)
  if (!head) return unresolved('document')
  const kind = codeOf(document.type, ['loinc'])
  const context = object(document.context)
  const authored = momentOf(document.date, startOf(context?.period))
  const attachments = objects(document.content).map((content) => object(content.attachment) ?? {})
  const texts = attachments.map(attachedText)
  if (texts.includes('damaged'))
    return { ok: false, feed: 'document', pointer: '/text', fault: 'type', path: 'content.attachment.data' }
  return one('document', {
    ...head,
    encounter_nda: ndaOf(objects(context?.encounter)[0], document, bundle),
    kind_system: kind?.system ?? 'other',
    kind: kind?.code,
    kind_source: kind?.source ?? null,
    authored_at: authored.at,
    authored_precision: authored.precision,
    status: symbolOf(document, 'status', STATUSES, refuse),
    doc_status: symbolOf(document, 'docStatus', COMPLETION, refuse),
    author_rpps: performerRpps(objects(document.author)[0], document, bundle),
    title: text(document.description) ?? attachments.map((attachment) => text(attachment.title)).find(Boolean) ?? null,
    text: joined(texts.map((one) => (typeof one === 'object' ? one.text : undefined))),
    ...patientTraits(document, bundle),
    professional_names: professionalNames(document, bundle),
  })
}

/** @returns of the Patient that the document names; of one that the body does not have, how the reference names him */
function patientTraits(document: Json, bundle: Bundle): Traits {
  const traits = bundle.resolve(document.subject, document)?.traits ?? traitsOf({})
  const { patient_birth_family_name: family, patient_birth_given_names: given, patient_used_family_name: used } = traits
  const named = [traits.patient_other_names?.split('\n'), text(object(document.subject)?.display)].flat()
  return { ...traits, patient_other_names: otherNames(named, [family, given, used]) }
}

/** @returns every author, as the reference names him and as his own resource does */
function professionalNames(document: Json, bundle: Bundle): string | null {
  const authors = objects(document.author)
  return namesByLine(
    authors.flatMap((author) => {
      const named = bundle.resolve(author, document)
      const practitioner = named?.practitioner ? bundle.resolve(named.practitioner, {}) : named
      return [text(author.display), ...(practitioner?.names ?? [])]
    }),
  )
}

function attachedText(attachment: Json): { readonly text: string } | 'damaged' | undefined {
  const type = (text(attachment.contentType) ?? '').toLowerCase()
  const data = text(attachment.data)
  if (data === undefined || !(type.startsWith('text/') || MARKED_UP.test(type))) return undefined
  if (!BASE64.test(data.trimEnd())) return 'damaged'
  const bytes = Buffer.from(data, 'base64')
  const latin = /charset="?(iso-8859-1|iso-8859-15|latin1|windows-1252)/.exec(type)?.[1]
  return {
    text: latin ? new TextDecoder(latin === 'latin1' ? 'iso-8859-1' : latin).decode(bytes) : bytes.toString('utf8'),
  }
}
