/** Bodies for the overload alone, in the formats that no rate is measured of: what each expands to in memory is bounded, too. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { FORMATS, type Format, resultMessage } from './bodies.ts'

const compressed = promisify(gzip)
const [ndjson, , , bundle] = FORMATS as [Format, Format, Format, Format]
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
    name: 'HL7 v2, a message',
    path: '/v1/hl7',
    mediaType: MEDIA.hl7,
    records: 20_000,
    body: async (from, count) => Buffer.from(resultMessage(from, count)),
  },
  {
    name: 'PMSI, VID-HOSP',
    path: '/v1/pmsi',
    mediaType: MEDIA.pmsi,
    records: 8000,
    body: async (from, count) => Buffer.from(Array.from({ length: count }, (_, i) => vidHosp(from + i)).join('\r\n')),
  },
]
