/** OBX of type ED of a result, or TXA and the OBX of a document message -> `document`. */
import { type Code, codeOf } from './codes.ts'
import { headMap, ndaMap, type Operation, type Source } from './head.ts'
import { entityOf, rppsOf } from './identifiers.ts'
import { RESULT_ID } from './observation.ts'
import { timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

export interface AttachmentSource extends Source {
  readonly obx: Segment
  readonly obr: Segment | undefined
  readonly code: Code
  readonly content: string | null
}

export interface DocumentSource extends Source {
  readonly txa: Segment
  readonly code: Code
  readonly content: string | null
}

export const ATTACHMENT: RecordMap<AttachmentSource> = {
  feed: 'document',
  fields: {
    ...headMap<AttachmentSource>(RESULT_ID, ['OBX-11'], 'as for an observation'),
    ...ndaMap<AttachmentSource>(),
    kind_system: { from: ['OBX-3-3'], read: ({ code }) => code.system },
    kind: { from: ['OBX-3-1'], read: ({ code }) => code.code },
    authored_at: {
      from: ['OBX-14', 'OBR-22', 'OBR-7'],
      read: (source) => timeOf(source, [source.obx, 14], [source.obr, 22], [source.obr, 7]),
    },
    author_rpps: { from: ['OBX-16', 'OBR-32'], read: ({ obx, obr }) => rppsOf(obx, 16) ?? rppsOf(obr, 32) },
    title: { from: ['OBX-3-2'], read: ({ code }) => code.text ?? null },
    text: { from: ['OBX-5-5'], note: 'a text, or the narrative of a CDA', read: ({ content }) => content },
  },
}

export const DOCUMENT: RecordMap<DocumentSource> = {
  feed: 'document',
  fields: {
    ...headMap<DocumentSource>(
      ['TXA-12'],
      ['MSH-9-2', 'TXA-19'],
      '`document/` and TXA-12; for T10 the replaced TXA-13, too',
    ),
    ...ndaMap<DocumentSource>(),
    kind_system: { from: ['TXA-2-3'], read: ({ code }) => code.system },
    kind: { from: ['TXA-2-1'], read: ({ code }) => code.code },
    authored_at: { from: ['TXA-6', 'TXA-4'], read: (source) => timeOf(source, [source.txa, 6], [source.txa, 4]) },
    author_rpps: { from: ['TXA-9'], read: ({ txa }) => rppsOf(txa, 9) },
    title: { from: ['TXA-25', 'TXA-2-2'], read: ({ txa, code }) => txa.text(25) ?? code.text ?? null },
    text: { from: ['OBX-5'], note: 'ST, TX, FT, ED', read: ({ content }) => content },
  },
}

/** HL7 table 0271: documented, authenticated, legally authenticated. The others are dictated, in progress, incomplete, or wait for a signature. */
export const COMPLETE = ['DO', 'AU', 'LA']
const UNFINISHED = ['DI', 'IN', 'IP', 'PA']
/** HL7 table 0273: obsolete, deleted. */
const WITHDRAWN = ['OB', 'CA']

export function documentId(txa: Segment, field = 12): string | Refusal {
  const id = entityOf(txa, field)
  return id === undefined ? new Refusal('required', txa.at(field)) : `document/${id}`
}

export function documentCode(txa: Segment): Code | Refusal {
  return codeOf(txa, 2, ['loinc']) ?? new Refusal('required', txa.at(2))
}

/** @returns `cancel` for a withdrawn document, a refusal for one that is not finished */
export function documentOperation(txa: Segment): Operation | Refusal {
  if (WITHDRAWN.includes(txa.text(19) ?? '')) return 'cancel'
  const status = txa.text(17)
  if (status === undefined) return new Refusal('required', txa.at(17))
  if (UNFINISHED.includes(status)) return new Refusal('not-a-fact', txa.at(17))
  return COMPLETE.includes(status) ? 'upsert' : new Refusal('enum', txa.at(17))
}
