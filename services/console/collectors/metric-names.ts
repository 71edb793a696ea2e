/** The metrics that the page shows; other metrics of the services are not parsed. */
export const RECEIVED = 'chainon_gateway_records_total'
export const REJECTED = 'chainon_gateway_rejected_total'
export const INFLIGHT_BYTES = 'chainon_gateway_inflight_bytes'
export const RECORDS = 'chainon_records_total'
export const FRESHNESS = 'chainon_freshness_seconds'
export const MEMORY_BYTES = 'chainon_process_memory_bytes'

export const WANTED: ReadonlySet<string> = new Set([
  RECEIVED,
  REJECTED,
  INFLIGHT_BYTES,
  RECORDS,
  `${FRESHNESS}_bucket`,
  MEMORY_BYTES,
])
