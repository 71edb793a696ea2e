/** Media types that the gateway and its client both name. */
export const MEDIA = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  avro: 'application/vnd.apache.avro+binary',
  fhir: 'application/fhir+json',
  hl7: 'application/hl7-v2',
  dicom: 'application/dicom',
  dicomJson: 'application/dicom+json',
  dicomParts: 'multipart/related; type="application/dicom"',
  problem: 'application/problem+json',
} as const
