/** Media types that the gateway and its client both name. */
export const MEDIA = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  avro: 'application/vnd.apache.avro+binary',
  fhir: 'application/fhir+json',
  fhirNdjson: 'application/fhir+ndjson',
  hl7: 'application/hl7-v2',
  events: 'text/event-stream',
  dicom: 'application/dicom',
  dicomJson: 'application/dicom+json',
  dicomParts: 'multipart/related; type="application/dicom"',
  pmsi: 'text/plain',
  problem: 'application/problem+json',
} as const

/** Between the files that the client sends; long, so that no file contains it. */
export const DICOM_BOUNDARY = 'chainon-9c1f7e52a0d34b6f8e61d5b27a90c3f4'
