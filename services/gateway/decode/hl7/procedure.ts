/** PR1 -> `procedure`. */
import { type Code, codedText, codeOf, SOURCE_NOTE } from './codes.ts'
import { headMap, ndaMap, type Source } from './head.ts'
import { entityOf, rppsOf } from './identifiers.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

export interface ProcedureSource extends Source {
  readonly pr1: Segment
  readonly code: Code
}

const SYSTEMS = ['ccam', 'snomed', 'ngap']
const performed = ({ pr1 }: ProcedureSource): readonly TimeField[] => [[pr1, 5]]

export const PROCEDURE: RecordMap<ProcedureSource> = {
  feed: 'procedure',
  fields: {
    ...headMap<ProcedureSource>(
      ['PR1-19', 'PR1-3'],
      ['PR1-20'],
      '`procedure/` and PR1-19, else the stay, the code and PR1-5',
    ),
    ...ndaMap<ProcedureSource>(),
    code_system: { from: ['PR1-3-3'], read: ({ code }) => code.system },
    code: { from: ['PR1-3-1'], read: ({ code }) => code.code },
    code_source: { from: ['PR1-3-3'], note: SOURCE_NOTE, read: ({ code }) => code.source },
    performed_at: { from: ['PR1-5'], read: (source) => timeOf(source, performed(source)) },
    performed_precision: precisionMap(['PR1-5'], performed),
    performer_rpps: { from: ['PR1-11', 'PR1-12'], read: ({ pr1 }) => rppsOf(pr1, 11) ?? rppsOf(pr1, 12) },
    comment: {
      from: ['PR1-4', 'PR1-3-2'],
      read: ({ pr1 }) => pr1.text(4) ?? codedText(pr1.field(3)) ?? null,
    },
  },
}

export function procedureCode(pr1: Segment): Code | Refusal {
  return codeOf(pr1, 3, SYSTEMS) ?? new Refusal('required', pr1.at(3))
}

/** @returns a refusal for a procedure that has no identifier and belongs to no stay */
export function procedureId(pr1: Segment, nda: string | null, { system, code }: Code): string | Refusal {
  const own = entityOf(pr1, 19)
  if (own !== undefined) return `procedure/${own}`
  return nda === null ? new Refusal('required', pr1.at(19)) : `procedure/${nda}/${system}/${code}/${pr1.text(5) ?? ''}`
}
