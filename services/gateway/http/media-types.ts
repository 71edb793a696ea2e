/** Finds the reader for a request's Content-Type and Content-Encoding. */
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { ProblemError } from '../problem.ts'

export type RecordFormat = 'json' | 'ndjson' | 'avro'
export type BodyEncoding = 'identity' | 'gzip' | 'zstd'

export const RECORD_TYPES: Readonly<Record<string, RecordFormat>> = {
  [MEDIA.json]: 'json',
  [MEDIA.ndjson]: 'ndjson',
  'application/ndjson': 'ndjson',
  [MEDIA.avro]: 'avro',
  'application/avro': 'avro',
  'avro/binary': 'avro',
}
export const FHIR_TYPES: readonly string[] = [MEDIA.fhir, MEDIA.json]
/** Resources without a Bundle, one for each line (hl7.org/fhir/R4/nd-json.html). */
export const FHIR_LINES_TYPES: readonly string[] = [MEDIA.fhirNdjson, MEDIA.ndjson, 'application/ndjson']
export const HL7_TYPES: readonly string[] = [MEDIA.hl7, 'x-application/hl7-v2+er7']

/** Not taken: docs/adr/0056-no-parquet-over-http.md. */
const PARQUET = ['application/vnd.apache.parquet', 'application/x-parquet']

/** @throws ProblemError unsupported-media-type */
export function recordFormat(contentType: string | undefined): RecordFormat {
  const type = essence(contentType)
  const format = Object.hasOwn(RECORD_TYPES, type) ? RECORD_TYPES[type] : undefined
  const more = PARQUET.includes(type) ? ' `chainon push` reads Parquet where it is, and sends its records.' : ''
  if (!format)
    throw new ProblemError('unsupported-media-type', `Send one of ${Object.keys(RECORD_TYPES).join(', ')}.${more}`)
  return format
}

/** @returns what a body of the base address of FHIR is @throws ProblemError unsupported-media-type */
export function fhirBody(contentType: string | undefined): 'bundle' | 'resources' {
  const type = essence(contentType)
  if (FHIR_LINES_TYPES.includes(type)) return 'resources'
  if (FHIR_TYPES.includes(type)) return 'bundle'
  throw new ProblemError('unsupported-media-type', `Send one of ${[...FHIR_TYPES, ...FHIR_LINES_TYPES].join(', ')}.`)
}

/** @throws ProblemError unsupported-media-type */
export function checkResourceType(contentType: string | undefined): void {
  if (!FHIR_TYPES.includes(essence(contentType)))
    throw new ProblemError('unsupported-media-type', `Send one of ${FHIR_TYPES.join(', ')}.`)
}

/** The charset of a message is in the message. @throws ProblemError unsupported-media-type */
export function checkHl7Type(contentType: string | undefined): void {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';')
  if (!HL7_TYPES.includes(type.trim()))
    throw new ProblemError('unsupported-media-type', `Send one of ${HL7_TYPES.join(', ')}.`)
}

/** @throws ProblemError unsupported-media-type */
export function checkDicomType(contentType: string | undefined): void {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';')
  if (type.trim() !== MEDIA.dicom) throw new ProblemError('unsupported-media-type', `Send ${MEDIA.dicom}.`)
}

/** The encoding is found in the lines. @throws ProblemError unsupported-media-type */
export function checkPmsiType(contentType: string | undefined): void {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';')
  if (type.trim() !== MEDIA.pmsi) throw new ProblemError('unsupported-media-type', `Send ${MEDIA.pmsi}.`)
}

/** @returns the media type, which is one of files of DICOM in parts (PS3.18, 10.5.1) @throws ProblemError unsupported-media-type */
export function dicomPartsType(contentType: string | undefined): string {
  const [type = '', ...parameters] = (contentType ?? '').split(';')
  const ofDicom = parameters.some((one) => /^\s*type="?application\/dicom"?\s*$/i.test(one))
  if (type.trim().toLowerCase() !== 'multipart/related' || !ofDicom)
    throw new ProblemError('unsupported-media-type', `Send ${MEDIA.dicomParts}.`)
  return contentType ?? ''
}

/** @throws ProblemError unsupported-encoding */
export function bodyEncoding(header: string | undefined): BodyEncoding {
  switch ((header ?? '').trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'identity'
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    case 'zstd':
      return 'zstd'
    default:
      throw new ProblemError('unsupported-encoding', 'Send the body as it is or with Content-Encoding: gzip or zstd.')
  }
}

/** The media type without parameters; a charset other than UTF-8 is rejected, as JSON has no other (RFC 8259). */
function essence(contentType: string | undefined): string {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  for (const parameter of parameters) {
    const [name, value] = parameter.split('=').map((side) => side.trim().replaceAll('"', ''))
    if (name === 'charset' && value !== 'utf-8' && value !== 'utf8' && value !== 'us-ascii')
      throw new ProblemError('unsupported-media-type', 'The charset must be UTF-8.')
  }
  return type.trim()
}
