/** Bodies for the overload alone, in the formats that no rate is measured of: what each expands to in memory is bounded, too. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { FORMATS, type Format, resultMessage } from './bodies.ts'
import { tomographySlice } from './dicom.ts'

const compressed = promisify(gzip)
const [ndjson, , , bundle] = FORMATS as [Format, Format, Format, Format]
/** A message may have 20,000 segments. */
const RESULTS_PER_MESSAGE = 1000
const BOUNDARY = 'overload'
const VID_HOSP_COLUMNS = 468
/** One zone of a hospital service, after the fixed columns. */
const SERVICE = '174190302202609022026006'.padEnd(50, '0')
const digits = (i: number, length: number) => String(i).padStart(length, '0')

/** A line of VID-HOSP V015, by the first columns of its values. */
function vidHosp(i: number): string {
  const values = {
    ...{ 1: '279031234567811', 20: '15031979', 28: '2', 29: digits(i, 10), 49: 'V015', 53: '750712184' },
    ...{ 62: '279031234567811', 354: digits(i, 10), 467: '01' },
  }
  let line = ' '.repeat(VID_HOSP_COLUMNS)
  for (const [from, value] of Object.entries(values)) {
    const at = Number(from) - 1
    line = line.slice(0, at) + value + line.slice(at + value.length)
  }
  return `${line}${SERVICE}`
}

/** The parts of a store transaction (PS3.18, 10.5). */
function storeRequest(files: readonly Buffer[]): Buffer {
  const head = Buffer.from(`--${BOUNDARY}\r\ncontent-type: application/dicom\r\n\r\n`)
  const end = Buffer.from('\r\n')
  return Buffer.concat([...files.flatMap((one) => [head, one, end]), Buffer.from(`--${BOUNDARY}--\r\n`)])
}

export const OVERLOAD_FORMATS: readonly (Format & { readonly records: number })[] = [
  {
    name: 'NDJSON, gzip',
    path: ndjson.path,
    mediaType: ndjson.mediaType,
    encoding: 'gzip',
    records: 20_000,
    body: async (from, count) => await compressed(await ndjson.body(from, count)),
  },
  {
    name: 'FHIR NDJSON',
    path: bundle.path,
    mediaType: MEDIA.fhirNdjson,
    records: 8000,
    async body(from, count) {
      const { entry } = JSON.parse(String(await bundle.body(from, count))) as { entry: { resource: unknown }[] }
      return Buffer.from(entry.map(({ resource }) => `${JSON.stringify(resource)}\n`).join(''))
    },
  },
  {
    // Without an envelope they have no common identifier, by which the same body again would be answered as the first.
    name: 'HL7 v2, messages',
    path: '/v1/hl7',
    mediaType: MEDIA.hl7,
    records: 20_000,
    async body(from, count) {
      const messages = Array.from({ length: Math.ceil(count / RESULTS_PER_MESSAGE) }, (_, i) => {
        const first = i * RESULTS_PER_MESSAGE
        return resultMessage(from + first, Math.min(RESULTS_PER_MESSAGE, count - first))
      })
      return Buffer.from(messages.join('\r'))
    },
  },
  {
    name: 'PMSI, VID-HOSP',
    path: '/v1/pmsi',
    mediaType: MEDIA.pmsi,
    records: 8000,
    body: async (from, count) => Buffer.from(Array.from({ length: count }, (_, i) => vidHosp(from + i)).join('\r\n')),
  },
  {
    name: 'DICOM, STOW-RS',
    path: '/dicomweb/studies',
    mediaType: `${MEDIA.dicomParts}; boundary=${BOUNDARY}`,
    records: 8,
    body: async (from, count) => storeRequest(Array.from({ length: count }, (_, i) => tomographySlice(from + i))),
  },
]
