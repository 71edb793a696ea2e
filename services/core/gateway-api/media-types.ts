/** Media types that the gateway and its client both name. */
export const MEDIA = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  avro: 'application/vnd.apache.avro+binary',
  fhir: 'application/fhir+json',
  fhirNdjson: 'application/fhir+ndjson',
  hl7: 'application/hl7-v2',
  events: 'text/event-stream',
  problem: 'application/problem+json',
} as const
