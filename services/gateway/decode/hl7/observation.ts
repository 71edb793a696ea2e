/** OBX -> `observation`; the lines of a text that share code and sub-identifier are one record. */
import { type Code, SOURCE_NOTE } from './codes.ts'
import { headMap, ndaMap, type Source } from './head.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { referenceRange } from './reference-range.ts'
import type { ResultValue } from './result-value.ts'
import type { Segment } from './segment.ts'

export interface ObservationSource extends Source {
  readonly obx: Segment
  readonly obr: Segment | undefined
  readonly code: Code
  readonly status: string | null
  readonly value: ResultValue
  /** NTE-3 of the result. */
  readonly notes: readonly string[]
}

const MEASURED: readonly (string | null)[] = ['quantity', 'range', 'ratio']
export const RESULT_SYSTEMS = ['loinc', 'nabm', 'snomed']
/** Where the identifier of a result comes from. */
export const RESULT_ID = ['OBX-21', 'OBR-3', 'OBR-2', 'OBR-4', 'OBX-3', 'OBX-4']

const effective = ({ obx, obr }: ObservationSource): readonly TimeField[] => [
  [obx, 14],
  [obr, 7],
]

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
    code_source: { from: ['OBX-3-3', 'OBX-3-6'], note: SOURCE_NOTE, read: ({ code }) => code.source },
    effective_at: {
      from: ['OBX-14', 'OBR-7'],
      read: (source) => timeOf(source, effective(source)),
    },
    effective_precision: precisionMap(['OBX-14', 'OBR-7'], effective),
    status: { from: ['OBX-11'], note: 'below', read: ({ status }) => status },
    value_kind: { from: ['OBX-2'], read: ({ value }) => value.kind },
    value_number: { from: ['OBX-5', 'OBX-5-2'], note: 'NM, SN', read: ({ value }) => value.number },
    value_comparator: { from: ['OBX-5-1'], note: 'SN', read: ({ value }) => value.comparator },
    value_unit: {
      from: ['OBX-6-1'],
      note: 'of a number, a range or a ratio',
      read: ({ obx, value }) => (MEASURED.includes(value.kind) ? (obx.text(6) ?? null) : null),
    },
    value_low: { from: ['OBX-5-2'], note: 'SN with `-`', read: ({ value }) => value.low },
    value_high: { from: ['OBX-5-4'], note: 'SN with `-`', read: ({ value }) => value.high },
    value_numerator: { from: ['OBX-5-2'], note: 'SN with `:` or `/`', read: ({ value }) => value.numerator },
    value_denominator: { from: ['OBX-5-4'], note: 'SN with `:` or `/`', read: ({ value }) => value.denominator },
    value_code: { from: ['OBX-5-1', 'OBX-5-4'], note: 'CE, CWE, CNE, CF, ID, IS', read: ({ value }) => value.code },
    value_system: {
      from: ['OBX-5-3', 'OBX-5-6'],
      note: 'another system is `other`',
      read: ({ value }) => value.system,
    },
    value_text: { from: ['OBX-5'], note: 'ST, TX, FT, and the text of a code', read: ({ value }) => value.text },
    value_at: { from: ['OBX-5'], note: 'DT, TS, DTM', read: ({ value }) => value.at },
    value_at_precision: { from: ['OBX-5'], note: 'DT, TS, DTM', read: ({ value }) => value.precision },
    value_time: { from: ['OBX-5'], note: 'TM, to the second', read: ({ value }) => value.time },
    reference_low: { from: ['OBX-7'], note: '`a-b`, `>a`', read: ({ obx }) => referenceRange(obx.text(7)).low },
    reference_high: { from: ['OBX-7'], note: '`a-b`, `<b`', read: ({ obx }) => referenceRange(obx.text(7)).high },
    comment: {
      from: ['NTE-3'],
      read: ({ notes }) => notes.filter((line) => line !== '').join('\n') || null,
    },
  },
}
