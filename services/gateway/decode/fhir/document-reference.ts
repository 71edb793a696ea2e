/** DocumentReference -> `document`: the text of its attachments; an attachment that is not text (a PDF, an image) adds nothing. */
import type { Bundle } from './bundle.ts'
import { codeOf } from './codes.ts'
import { headOf, type Mapped, ndaOf, one, performerRpps, unresolved } from './common.ts'
import { startOf, timestampOf } from './dates.ts'
import { type Json, joined, object, objects, text } from './json.ts'

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}$/

export function mapDocumentReference(document: Json, bundle: Bundle): Mapped {
  const head = headOf(document, bundle)
  if (!head) return unresolved('document')
  const kind = codeOf(document.type, ['loinc'])
  const context = object(document.context)
  const attachments = objects(document.content).map((content) => object(content.attachment) ?? {})
  const texts = attachments.map(attachedText)
  if (texts.includes('damaged')) return { ok: false, feed: 'document', pointer: '/text', fault: 'type' }
  return one('document', {
    ...head,
    encounter_nda: ndaOf(objects(context?.encounter)[0], document, bundle),
    kind_system: kind?.system ?? 'other',
    kind: kind?.code,
    authored_at: timestampOf(document.date) ?? startOf(context?.period),
    author_rpps: performerRpps(objects(document.author)[0], document, bundle),
    title: text(document.description) ?? attachments.map((attachment) => text(attachment.title)).find(Boolean) ?? null,
    text: joined(texts.map((one) => (typeof one === 'object' ? one.text : undefined))),
  })
}

function attachedText(attachment: Json): { readonly text: string } | 'damaged' | undefined {
  const type = (text(attachment.contentType) ?? '').toLowerCase()
  const data = text(attachment.data)
  if (data === undefined || !type.startsWith('text/')) return undefined
  if (!BASE64.test(data.trimEnd())) return 'damaged'
  const bytes = Buffer.from(data, 'base64')
  const latin = /charset="?(iso-8859-1|iso-8859-15|latin1|windows-1252)/.exec(type)?.[1]
  return {
    text: latin ? new TextDecoder(latin === 'latin1' ? 'iso-8859-1' : latin).decode(bytes) : bytes.toString('utf8'),
  }
}
