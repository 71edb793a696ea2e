/** DG1 -> `diagnosis`. */
import { type Code, codeOf, SOURCE_NOTE } from './codes.ts'
import { headMap, ndaMap, type Source } from './head.ts'
import { entityOf } from './identifiers.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

export interface DiagnosisSource extends Source {
  readonly dg1: Segment
  readonly code: Code
}

const SYSTEMS = ['cim10', 'snomed', 'icd11', 'orpha']
/** HL7 table 0052. */
const VERIFICATION: Readonly<Record<string, string | null>> = { A: null, F: 'confirmed', W: 'provisional' }
const recorded = ({ dg1, message }: DiagnosisSource): readonly TimeField[] => [
  [dg1, 5],
  [dg1, 19],
  [message.first('EVN'), 2],
]

export const DIAGNOSIS: RecordMap<DiagnosisSource> = {
  feed: 'diagnosis',
  fields: {
    ...headMap<DiagnosisSource>(['DG1-20', 'DG1-3'], ['DG1-21'], '`diagnosis/` and DG1-20, else the stay and the code'),
    ...ndaMap<DiagnosisSource>(),
    code_system: { from: ['DG1-3-3'], read: ({ code }) => code.system },
    code: { from: ['DG1-3-1'], note: 'CIM-10 without its dot', read: ({ code }) => code.code },
    code_source: { from: ['DG1-3-3'], note: SOURCE_NOTE, read: ({ code }) => code.source },
    kind: {
      from: ['DG1-15'],
      note: '`principal` for priority 1, else `other`',
      read: ({ dg1 }) => (dg1.text(15) === '1' ? 'principal' : 'other'),
    },
    recorded_at: {
      from: ['DG1-5', 'DG1-19', 'EVN-2'],
      read: (source) => timeOf(source, recorded(source)),
    },
    recorded_precision: precisionMap(['DG1-5', 'DG1-19', 'EVN-2'], recorded),
    verification_status: {
      from: ['DG1-6'],
      note: 'F confirmed, W provisional; A, an admitting diagnosis, says nothing',
      read: ({ dg1, operation }) => {
        const given = operation === 'cancel' ? 'A' : (dg1.text(6) ?? 'A')
        return Object.hasOwn(VERIFICATION, given)
          ? VERIFICATION[given]
          : new Refusal('enum', dg1.at(6), Object.keys(VERIFICATION))
      },
    },
    comment: { from: ['DG1-4', 'DG1-3-2'], read: ({ dg1, code }) => dg1.text(4) ?? code.text ?? null },
  },
}

/** @returns the code; a refusal without one */
export function diagnosisCode(dg1: Segment): Code | Refusal {
  return codeOf(dg1, 3, SYSTEMS) ?? new Refusal('required', dg1.at(3))
}

/** @returns a refusal for a diagnosis that has no identifier and belongs to no stay */
export function diagnosisId(dg1: Segment, nda: string | null, { system, code }: Code): string | Refusal {
  const own = entityOf(dg1, 20)
  if (own !== undefined) return `diagnosis/${own}`
  return nda === null ? new Refusal('required', dg1.at(20)) : `diagnosis/${nda}/${system}/${code}`
}
