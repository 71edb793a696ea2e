/** OBX -> `observation`; the lines of a text that share code and sub-identifier are one record. */
import type { Code } from './codes.ts'
import { headMap, ndaMap, type Source } from './head.ts'
import { timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { referenceRange } from './reference-range.ts'
import type { ResultValue } from './result-value.ts'
import type { Segment } from './segment.ts'

export interface ObservationSource extends Source {
  readonly obx: Segment
  readonly obr: Segment | undefined
  readonly code: Code
  readonly value: ResultValue
  /** NTE-3 of the result. */
  readonly notes: readonly string[]
}

export const RESULT_SYSTEMS = ['loinc', 'nabm', 'snomed']
/** Where the identifier of a result comes from. */
export const RESULT_ID = ['OBX-21', 'OBR-3', 'OBR-2', 'OBR-4', 'OBX-3', 'OBX-4']

export const OBSERVATION: RecordMap<ObservationSource> = {
  feed: 'observation',
  fields: {
    ...headMap<ObservationSource>(
      RESULT_ID,
      ['OBX-11'],
      'OBX-21, else order, panel, code and sub-identifier; without an order the stay',
    ),
    ...ndaMap<ObservationSource>(),
    code_system: { from: ['OBX-3-3', 'OBX-3-6'], read: ({ code }) => code.system },
    code: { from: ['OBX-3-1', 'OBX-3-4'], read: ({ code }) => code.code },
    effective_at: {
      from: ['OBX-14', 'OBR-7'],
      note: 'at least to the minute',
      read: (source) => timeOf(source, [source.obx, 14], [source.obr, 7]),
    },
    value_number: { from: ['OBX-5'], note: 'NM, SN', read: ({ value }) => value.number },
    value_unit: {
      from: ['OBX-6-1'],
      read: ({ obx, value }) => (value.number === null ? null : (obx.text(6) ?? null)),
    },
    value_code: { from: ['OBX-5-1'], note: 'CE, CWE, CNE, CF, ID, IS', read: ({ value }) => value.code },
    reference_low: { from: ['OBX-7'], note: '`a-b`, `>a`', read: ({ obx }) => referenceRange(obx.text(7)).low },
    reference_high: { from: ['OBX-7'], note: '`a-b`, `<b`', read: ({ obx }) => referenceRange(obx.text(7)).high },
    comment: {
      from: ['OBX-5', 'NTE-3'],
      note: 'ST, TX, FT, DT, TS, the text of a code; then the notes',
      read: ({ value, notes }) => [value.text ?? '', ...notes].filter((line) => line !== '').join('\n') || null,
    },
  },
}
