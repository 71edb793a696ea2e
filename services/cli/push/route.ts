/** Where the records of a file go, and how the gateway counts them. */
import type { GatewayClient, PushOutcome } from '#core/gateway-api/client.ts'
import { DICOM_BOUNDARY } from '#core/gateway-api/media-types.ts'
import type { SourceBatch } from './batches.ts'
import type { Source } from './source.ts'
import type { SourceRecord } from './source-record.ts'

export type Route =
  | { readonly kind: 'feed'; readonly feed: string }
  | { readonly kind: 'bundle' }
  | { readonly kind: 'resources' }
  | { readonly kind: 'hl7' }
  | { readonly kind: 'dicom' }
  | { readonly kind: 'pmsi' }

/** Records in one request: a Bundle is one, and a resource or a message becomes several records. */
export const MOST: Readonly<Record<Route['kind'], number>> = {
  feed: Number.POSITIVE_INFINITY,
  bundle: 1,
  resources: 1000,
  hl7: 200,
  dicom: 500,
  pmsi: 200,
}

/** Formats whose records name their feeds themselves. */
const OWN_ROUTES = ['hl7', 'dicom', 'pmsi'] as const

/** @returns what a position of the file belongs to */
export function targetOf(source: Source, feed: string | undefined): string {
  return ownRoute(source) ?? feed ?? 'fhir'
}

/**
 * @param feed undefined for FHIR
 * @returns the route, and the same records: the first one of a FHIR file says whether it has Bundles or resources
 */
export async function routeOf(
  source: Source,
  feed: string | undefined,
  records: AsyncGenerator<SourceRecord>,
): Promise<{ readonly route: Route; readonly records: AsyncIterable<SourceRecord> }> {
  const own = ownRoute(source)
  if (own !== undefined) return { route: { kind: own }, records }
  if (feed !== undefined) return { route: { kind: 'feed', feed }, records }
  const first = await records.next()
  if (first.done) return { route: { kind: 'resources' }, records }
  const bundle = first.value.refused === undefined && isBundle(first.value.bytes)
  return { route: { kind: bundle ? 'bundle' : 'resources' }, records: after(first.value, records) }
}

function ownRoute({ format }: Source): (typeof OWN_ROUTES)[number] | undefined {
  return OWN_ROUTES.find((own) => own === format)
}

async function* after(first: SourceRecord, others: AsyncGenerator<SourceRecord>): AsyncGenerator<SourceRecord> {
  yield first
  yield* others
}

/** What is malformed is no Bundle: as a line of NDJSON it is refused alone. */
function isBundle(bytes: Buffer): boolean {
  try {
    const value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as { resourceType?: unknown } | null
    return value?.resourceType === 'Bundle'
  } catch {
    return false
  }
}

const DICOM_END = Buffer.from(`\n--${DICOM_BOUNDARY}--\r\n`)

/** @param records of a batch @returns the body that is sent; a store transaction has an end */
export function bodyOf(route: Route, records: Buffer): Buffer {
  return route.kind === 'dicom' ? Buffer.concat([records, DICOM_END]) : records
}

export function sendBatch(client: GatewayClient, route: Route, batch: SourceBatch): Promise<PushOutcome> {
  const body = bodyOf(route, batch.body)
  switch (route.kind) {
    case 'feed':
      return client.pushRecords(route.feed, { body })
    case 'bundle':
      return client.pushBundle({ body })
    case 'resources':
      return client.pushResources({ body })
    case 'hl7':
      return client.pushHl7({ body })
    case 'dicom':
      return client.pushDicom({ body })
    case 'pmsi':
      return client.pushPmsi({ body })
  }
}
