/** What the gateway makes of DICOM files. */
import { localTime } from '#core/contract/local-time.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { type DicomOptions, dicomItems, type Part } from '../../../../../services/gateway/decode/dicom/items.ts'
import { dicomFile, type Elements, type FileOptions, slice } from '../../../../helpers/dicom-file.ts'
import { contractOf } from '../../harness.ts'

const imaging = contractOf('imaging')
const read = recordReader(imaging, 'json')
const check = recordChecker(imaging)

export const RECEIVED_AT = Date.parse('2025-03-01T12:00:00Z')
const OPTIONS = {
  settings: { charset: 'ASCII', localTime: localTime('Europe/Paris'), ippAuthorities: [] as readonly string[] },
  receivedAt: RECEIVED_AT,
  maxBytes: 100_000,
  keepFiles: false,
}

/** @returns the records of the parts, what is refused as `tag rule`, and the elements that no mapping reads */
export function outcome(parts: Iterable<Part>, more: Partial<DicomOptions> = {}) {
  const records: Record<string, unknown>[] = []
  const refused: string[] = []
  const unmapped: string[] = []
  const options = { ...OPTIONS, onUnmapped: (tag: string) => void unmapped.push(tag), ...more }
  for (const item of dicomItems(parts, options)) {
    if (item.kind === 'undecodable') {
      refused.push(`${item.path ?? ''} ${item.fault}`.trim())
      continue
    }
    const found = read(item.raw)
    const faults = found.ok ? check(found.record, { producer: 'chu', receivedAt: RECEIVED_AT * 1000 }) : found.faults
    for (const { pointer, rule } of faults) refused.push(`${item.pathOf?.(pointer.slice(1)) ?? ''} ${rule}`)
    if (faults.length === 0) records.push(item.raw as Record<string, unknown>)
  }
  return { records, refused, unmapped }
}

/** @param more elements in the place of those of the usual slice; undefined leaves one out */
export function ofSlice(
  more: Readonly<Record<string, Elements[string] | undefined>> = {},
  options: Partial<DicomOptions> & FileOptions = {},
) {
  const elements = Object.fromEntries(
    Object.entries({ ...slice(), ...more }).flatMap(([tag, one]) => (one ? [[tag, one]] : [])),
  )
  return outcome([{ file: dicomFile(elements, options) }], options)
}
