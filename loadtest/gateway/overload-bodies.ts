/** Bodies for the overload alone, in the formats that no rate is measured of: what each expands to in memory is bounded, too. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { DICOM_BOUNDARY, MEDIA } from '#core/gateway-api/media-types.ts'
import { canarySlice } from '../../services/cli/canary/dicom.ts'
import { inventor } from '../../services/cli/canary/invent.ts'
import { vidHosp } from '../../test/helpers/pmsi-lines.ts'
import { FORMATS, type Format, resultMessage } from './bodies.ts'

const compressed = promisify(gzip)
const [ndjson, , , bundle] = FORMATS as [Format, Format, Format, Format]
const digits = (i: number, length: number) => String(i).padStart(length, '0')

/** DICOM files without pixels, each of another patient. */
async function slices(from: number, count: number): Promise<Buffer> {
  const parts = Array.from({ length: count }, (_, i) => [
    Buffer.from(`--${DICOM_BOUNDARY}\r\ncontent-type: ${MEDIA.dicom}\r\n\r\n`),
    canarySlice(inventor(`overload ${from + i}`)).file,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...parts.flat(), Buffer.from(`--${DICOM_BOUNDARY}--\r\n`)])
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
    body: async (from, count) =>
      Buffer.from(
        Array.from({ length: count }, (_, i) => vidHosp({ 29: digits(from + i, 10), 354: digits(from + i, 10) })).join(
          '\r\n',
        ),
      ),
  },
  {
    name: 'DICOM, STOW-RS',
    path: '/dicomweb/studies',
    mediaType: `${MEDIA.dicomParts}; boundary=${DICOM_BOUNDARY}`,
    records: 2000,
    body: slices,
  },
]
