/**
 * A DICOM instance as a record of `imaging`, as a table: of each field, the elements that it comes from and how they are read. Records, the tags
 * that errors name, what counts as unmapped, and the published page (docs/formats/dicom.md) come from this one table.
 */

import type { Dataset, Elements } from '#core/dicom/dataset.ts'
import type { Settings } from '../hl7/settings.ts'
import type { Item } from '../item.ts'
import { burnedInRisk } from './burned-in.ts'
import type { Decode } from './charset.ts'
import { momentOf, type TimeTags } from './moment.ts'
import { ippOf, PATIENT_ID } from './patient.ts'
import { Refusal, refused } from './refusal.ts'
import { binaryOf, decimalOf, firstItem, integerOf, plainOf, textOf, uidOf } from './values.ts'

export interface Source {
  readonly dataset: Dataset
  readonly decode: Decode
  readonly settings: Settings
  /** When the gateway received it, milliseconds since 1970. */
  readonly receivedAt: number
}

export interface FieldMap {
  /** Tags, the preferred one first; of an item of sequences they are joined by `>`. */
  readonly from: readonly string[]
  /** What the page says beside the tags. */
  readonly note?: string
  /** @returns the value in the form of the contract's JSON */
  read(source: Source): unknown
}

type ReadValue = (of: Elements, tag: string) => unknown

/** What all frames of an enhanced object have in common. */
const SHARED = '(5200,9229)'
const ACQUIRED: readonly (readonly [from: string, tags: TimeTags])[] = [
  ['acquisition', ['(0008,002A)']],
  ['acquisition', ['(0008,0022)', '(0008,0032)']],
  ['content', ['(0008,0023)', '(0008,0033)']],
  ['series', ['(0008,0021)', '(0008,0031)']],
  ['study', ['(0008,0020)', '(0008,0030)']],
]
const STUDY: typeof ACQUIRED = [['study', ['(0008,0020)', '(0008,0030)']]]

export const IMAGING: Readonly<Record<string, FieldMap>> = {
  record_id: required('(0008,0018)', uidOf),
  record_version: {
    from: [],
    note: 'when the gateway received it, milliseconds since 1970',
    read: (s) => s.receivedAt,
  },
  operation: { from: [], note: '`upsert`: a file withdraws nothing', read: () => 'upsert' },
  patient_ipp: {
    from: [PATIENT_ID, '(0010,1002)>(0010,0020)'],
    note: 'by its issuer, (0010,0021) or (0010,0024), where the operator names one',
    read: ({ dataset, decode, settings }) => ippOf(dataset, decode, settings.ippAuthorities),
  },
  encounter_nda: text('(0038,0010)'),
  study_uid: required('(0020,000D)', uidOf),
  series_uid: required('(0020,000E)', uidOf),
  accession_number: text('(0008,0050)'),
  acquired_at: {
    from: ACQUIRED.flatMap(([, tags]) => tags.filter((tag) => tag !== undefined)),
    note: 'the first of these times that the file has; without (0008,0201) in the time zone of the hospital',
    read: (source) => timeOf(source, ACQUIRED) ?? new Refusal('required', '(0008,0022)'),
  },
  acquired_precision: {
    from: [],
    note: 'null for a time with its seconds',
    read: (source) => precisionOf(source, ACQUIRED),
  },
  acquired_from: { from: [], note: 'which of these times it is', read: (source) => kindOf(source, ACQUIRED) },
  study_at: {
    from: STUDY.flatMap(([, tags]) => tags.filter((tag) => tag !== undefined)),
    read: (source) => timeOf(source, STUDY) ?? null,
  },
  study_precision: { from: [], note: 'null for a time with its seconds', read: (source) => precisionOf(source, STUDY) },
  modality: value('(0008,0060)', plainOf),
  body_part: value(['(0018,0015)', `${SHARED}>(0020,9071)>(0018,0015)`], plainOf),
  laterality: value(['(0020,0062)', '(0020,0060)', `${SHARED}>(0020,9071)>(0020,9072)`], plainOf),
  view_position: value('(0018,5101)', plainOf),
  patient_position: value('(0018,5100)', plainOf),
  sop_class: value('(0008,0016)', uidOf),
  transfer_syntax: { from: ['(0002,0010)'], read: ({ dataset }) => dataset.transferSyntax },
  photometric_interpretation: value('(0028,0004)', plainOf),
  pixel_origin: value('(0008,0008)', plainOf, 'its first value'),
  burned_in_annotation: value('(0028,0301)', plainOf),
  recognizable_features: value('(0028,0302)', plainOf),
  burned_in_risk: {
    from: ['(0028,0301)', '(0008,0060)', '(0008,0016)'],
    note: 'see below',
    read: ({ dataset }) => burnedInRisk(dataset),
  },
  series_number: value('(0020,0011)', integerOf),
  instance_number: value('(0020,0013)', integerOf),
  rows: value('(0028,0010)', unsigned),
  columns: value('(0028,0011)', unsigned),
  frames: value('(0028,0008)', integerOf),
  samples_per_pixel: value('(0028,0002)', unsigned),
  bits_allocated: value('(0028,0100)', unsigned),
  bits_stored: value('(0028,0101)', unsigned),
  row_spacing_mm: value(spacing('(0028,0030)', '(0018,1164)'), decimalOf, 'first value'),
  column_spacing_mm: value(spacing('(0028,0030)', '(0018,1164)'), (of, tag) => decimalOf(of, tag, 1), 'second value'),
  slice_thickness_mm: value(spacing('(0018,0050)'), decimalOf),
  slice_spacing_mm: value(spacing('(0018,0088)'), decimalOf),
  kvp: value('(0018,0060)', decimalOf),
  tube_current_ma: value(['(0018,1151)', '(0018,8151)'], inMilli, '(0018,8151) is in µA'),
  exposure_time_ms: value(['(0018,1150)', '(0018,8150)'], inMilli, '(0018,8150) is in µs'),
  exposure_mas: value(['(0018,1152)', '(0018,1153)'], inMilli, '(0018,1153) is in µAs'),
  dose_area_product: value('(0018,115E)', decimalOf),
  ctdi_vol_mgy: value('(0018,9345)', double),
  repetition_time_ms: value('(0018,0080)', decimalOf),
  echo_time_ms: value('(0018,0081)', decimalOf),
  flip_angle_deg: value('(0018,1314)', decimalOf),
  field_strength_t: value('(0018,0087)', decimalOf),
  study_description: text('(0008,1030)'),
  series_description: text('(0008,103E)'),
  protocol_name: text('(0018,1030)'),
}

/** @returns the record as an item, or the first refusal of its fields */
export function imagingItem(source: Source, index: number): Item {
  const raw: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(IMAGING)) {
    const read = field.read(source)
    if (read instanceof Refusal) return refused(read, index, `/${name}`)
    raw[name] = read ?? null
  }
  const pathOf = (name: string) => IMAGING[name]?.from[0]
  return { kind: 'decoded', index, feed: 'imaging', raw, source: 'json', pathOf }
}

/** @param tags the first with a value counts */
function value(tags: string | readonly string[], read: ReadValue, note?: string): FieldMap {
  const from = typeof tags === 'string' ? [tags] : tags
  return { from, ...(note === undefined ? {} : { note }), read: ({ dataset }) => firstOf(dataset, from, read) }
}

function required(tag: string, read: ReadValue): FieldMap {
  return { from: [tag], read: ({ dataset }) => read(dataset, tag) ?? new Refusal('required', tag) }
}

function text(tag: string): FieldMap {
  return { from: [tag], read: ({ dataset, decode }) => textOf(dataset, tag, decode) }
}

function firstOf(dataset: Dataset, from: readonly string[], read: ReadValue): unknown {
  for (const path of from) {
    const sequences = path.split('>')
    const tag = sequences.pop() ?? ''
    const of = firstItem(dataset, ...sequences)
    const found = of && read(of, tag)
    if (found !== undefined) return found
  }
  return undefined
}

/** @returns the tags of a measure of pixels, and its place in an enhanced object */
function spacing(tag: string, ...others: readonly string[]): readonly string[] {
  return [tag, `${SHARED}>(0028,9110)>${tag}`, ...others]
}

function unsigned(of: Elements, tag: string) {
  return binaryOf(of, tag, 'US')
}

function double(of: Elements, tag: string) {
  return binaryOf(of, tag, 'FD')
}

/** Elements of the same meaning in micro-units, which were added because the whole numbers of the first are too coarse. */
const MICRO: ReadonlySet<string> = new Set(['(0018,8151)', '(0018,8150)', '(0018,1153)'])

function inMilli(of: Elements, tag: string) {
  const number = decimalOf(of, tag)
  return typeof number === 'number' && MICRO.has(tag) ? number / 1000 : number
}

function firstMoment({ dataset, settings }: Source, times: typeof ACQUIRED) {
  for (const [from, tags] of times) {
    const moment = momentOf(dataset, tags, settings.localTime)
    if (moment !== undefined) return { from, moment }
  }
  return undefined
}

function timeOf(source: Source, times: typeof ACQUIRED): string | undefined | Refusal {
  const moment = firstMoment(source, times)?.moment
  return moment === undefined || moment instanceof Refusal ? moment : new Date(moment.time).toISOString()
}

function precisionOf(source: Source, times: typeof ACQUIRED) {
  const moment = firstMoment(source, times)?.moment
  return moment === undefined || moment instanceof Refusal ? null : moment.precision
}

function kindOf(source: Source, times: typeof ACQUIRED) {
  return firstMoment(source, times)?.from
}
