/** OBX of type ED of a result, or TXA and the OBX of a document message -> `document`. */
import { type Code, codeOf, SOURCE_NOTE } from './codes.ts'
import { headMap, ndaMap, type Operation, type Source } from './head.ts'
import { entityOf, rppsOf } from './identifiers.ts'
import { RESULT_ID } from './observation.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'
import { professionalsMap, traitsMap } from './traits.ts'

export interface AttachmentSource extends Source {
  readonly obx: Segment
  readonly obr: Segment | undefined
  readonly code: Code
  readonly content: string | null
  /** `doc_status`. */
  readonly status: string | null
}

export interface DocumentSource extends Source {
  readonly txa: Segment
  readonly code: Code
  readonly content: string | null
  /** `doc_status`. */
  readonly status: string | null
}

const reported = ({ obx, obr }: AttachmentSource): readonly TimeField[] => [
  [obx, 14],
  [obr, 22],
  [obr, 7],
]
const written = ({ txa }: DocumentSource): readonly TimeField[] => [
  [txa, 6],
  [txa, 4],
]

/** Observer; who ordered, who interpreted, who assisted. */
const REPORTERS = [
  ['OBX', 16],
  ['OBR', 16],
  ['OBR', 32],
  ['OBR', 33],
] as const
/** Who acted, who is the author, who answers for it, who wrote it down, who signed. */
const WRITERS = [5, 9, 10, 11, 22].map((field) => ['TXA', field] as const)

export const ATTACHMENT: RecordMap<AttachmentSource> = {
  feed: 'document',
  fields: {
    ...headMap<AttachmentSource>(RESULT_ID, ['OBX-11'], 'as for an observation'),
    ...ndaMap<AttachmentSource>(),
    kind_system: { from: ['OBX-3-3'], read: ({ code }) => code.system },
    kind: { from: ['OBX-3-1'], read: ({ code }) => code.code },
    kind_source: { from: ['OBX-3-3'], note: SOURCE_NOTE, read: ({ code }) => code.source },
    authored_at: {
      from: ['OBX-14', 'OBR-22', 'OBR-7'],
      read: (source) => timeOf(source, reported(source)),
    },
    authored_precision: precisionMap(['OBX-14', 'OBR-22', 'OBR-7'], reported),
    doc_status: { from: ['OBX-11'], note: 'below', read: ({ status }) => status },
    author_rpps: { from: ['OBX-16', 'OBR-32'], read: ({ obx, obr }) => rppsOf(obx, 16) ?? rppsOf(obr, 32) },
    title: { from: ['OBX-3-2'], read: ({ code }) => code.text ?? null },
    text: { from: ['OBX-5-5'], note: 'a text, or the narrative of a CDA', read: ({ content }) => content },
    ...traitsMap<AttachmentSource>(),
    ...professionalsMap<AttachmentSource>(REPORTERS, ({ obx, obr }, name) => (name === 'OBX' ? obx : obr)),
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
    kind_source: { from: ['TXA-2-3'], note: SOURCE_NOTE, read: ({ code }) => code.source },
    authored_at: { from: ['TXA-6', 'TXA-4'], read: (source) => timeOf(source, written(source)) },
    authored_precision: precisionMap(['TXA-6', 'TXA-4'], written),
    doc_status: { from: ['TXA-17'], note: 'below', read: ({ status }) => status },
    author_rpps: { from: ['TXA-9'], read: ({ txa }) => rppsOf(txa, 9) },
    title: { from: ['TXA-25', 'TXA-2-2'], read: ({ txa, code }) => txa.text(25) ?? code.text ?? null },
    text: { from: ['OBX-5'], note: 'ST, TX, FT, ED', read: ({ content }) => content },
    ...traitsMap<DocumentSource>(),
    ...professionalsMap<DocumentSource>(WRITERS, ({ txa }) => txa),
  },
}

/** HL7 table 0271: documented, authenticated, legally authenticated; dictated, in progress, incomplete, waiting for a signature. */
export const COMPLETION: Readonly<Record<string, string>> = {
  DO: 'final',
  AU: 'final',
  LA: 'final',
  DI: 'preliminary',
  IN: 'preliminary',
  IP: 'preliminary',
  PA: 'preliminary',
}
/** HL7 table 0273: obsolete, deleted. */
const WITHDRAWN = ['OB', 'CA']

export function documentId(txa: Segment, field = 12): string | Refusal {
  const id = entityOf(txa, field)
  return id === undefined ? new Refusal('required', txa.at(field)) : `document/${id}`
}

export function documentCode(txa: Segment): Code | Refusal {
  return codeOf(txa, 2, ['loinc']) ?? new Refusal('required', txa.at(2))
}

export interface DocumentState {
  readonly operation: Operation
  /** `doc_status`; null for a cancellation. */
  readonly status: string | null
}

/** @returns `cancel` for a withdrawn document; a refusal without a status, and for an unknown one */
export function documentState(txa: Segment): DocumentState | Refusal {
  if (WITHDRAWN.includes(txa.text(19) ?? '')) return { operation: 'cancel', status: null }
  const given = txa.text(17)
  if (given === undefined) return new Refusal('required', txa.at(17))
  const status = Object.hasOwn(COMPLETION, given) ? COMPLETION[given] : undefined
  return status === undefined
    ? new Refusal('enum', txa.at(17), Object.keys(COMPLETION))
    : { operation: 'upsert', status }
}
