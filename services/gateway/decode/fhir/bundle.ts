/**
 * A FHIR R4 Bundle, read in two passes over its bytes, so that one entry at a time is an object: first the place of each entry and what references need
 * of it (a reference may name a later entry), then entry by entry.
 */

import { type Json, object, text } from '#core/fhir/json.ts'
import { yieldToEventLoop } from '#core/process/event-loop.ts'
import { ProblemError } from '../../problem.ts'
import { elementEnd, elementsOf, invalidJson, jsonSpan, membersOf, type Span } from '../json.ts'
import { createReferences, type References } from './references.ts'

const TYPES = ['transaction', 'batch', 'collection']
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
/** Bytes of entries between two pauses: some milliseconds. */
const BYTES_PER_SLICE = 256 * 1024

export interface BundleEntry {
  readonly resource: Json | undefined
  /** Its method and address; undefined in a collection and in NDJSON. */
  readonly request: Json | undefined
  /** Why there is no resource to read. */
  readonly fault?: 'record-too-large' | 'malformed-json'
  /** Where in its line it is malformed. */
  readonly place?: string
}

/** The resources of a body: of a Bundle, or of what is read like one (`resources.ts`): lines of NDJSON, one resource. */
export interface Bundle {
  /** Each is parsed when it is its turn. */
  entries(): Generator<BundleEntry>
  /** @param path from the entry, for instance `resource.status` @returns FHIRPath from the body; undefined when the body has no such element */
  pathOf(index: number, resource: Json | undefined, path: string): string | undefined
  /** When the gateway received it, milliseconds since 1970; for resources without the time of their last change. */
  readonly receivedAt: number
  readonly resolve: References['resolve']
}

export interface BundleLimits {
  /** Largest entry in bytes; a larger one is not parsed, and no reference resolves to it. */
  readonly maxRecordBytes: number
  /** Entries; each is a record at least. */
  readonly maxRecords: number
}

/**
 * @param receivedAt milliseconds since 1970
 * @throws ProblemError malformed-body when the body is not such a Bundle, too-many-records
 */
export async function openBundle(body: Buffer, receivedAt: number, limits: BundleLimits): Promise<Bundle> {
  const steps = bundleSteps(body, receivedAt, limits)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await yieldToEventLoop()
  }
}

/** The same without the event loop: it yields where others should have a turn, and returns the Bundle. */
export function* bundleSteps(body: Buffer, receivedAt: number, limits: BundleLimits): Generator<void, Bundle> {
  const whole = jsonSpan(body)
  if (whole === undefined || body[whole.from] !== OPEN_OBJECT) throw notBundle()
  const { maxRecordBytes, maxRecords } = limits
  const members = new Map<string, unknown>()
  let spans: Span[] = []
  let references: References = createReferences()
  let read = 0

  function* entriesFrom(from: number): Generator<void, number> {
    // Of a repeated member the last one counts.
    spans = []
    references = createReferences()
    const elements = elementsOf(body, { from, to: body.length })
    for (let step = elements.next(); ; step = elements.next()) {
      if (step.done) return step.value
      const bytes = step.value.to - step.value.from
      spans.push(step.value)
      if (spans.length > maxRecords) throw tooMany(maxRecords)
      if (bytes <= maxRecordBytes) {
        const entry = object(parse(body, step.value))
        references.add(entry?.resource, entry?.fullUrl)
      }
      read += bytes
      if (read < BYTES_PER_SLICE) continue
      read = 0
      yield
    }
  }

  yield* membersOf(body, whole, function* (name, from) {
    if (name === 'entry' && body[from] === OPEN_ARRAY) return yield* entriesFrom(from)
    const to = elementEnd(body, from, body.length)
    if (to - from > maxRecordBytes)
      throw new ProblemError(
        'malformed-body',
        'A member of the Bundle besides its entries is larger than a record may be.',
      )
    // What is no array has no entries.
    if (name === 'entry') spans = []
    members.set(name, parse(body, { from, to }))
    return to
  })
  if (members.get('resourceType') !== 'Bundle') throw notBundle()
  if (!TYPES.includes(text(members.get('type')) ?? ''))
    throw new ProblemError('malformed-body', `Bundle.type must be one of ${TYPES.join(', ')}.`)
  /** `fullUrl` of the entries that are read, as long as their resources are. */
  const urls = new WeakMap<Json, string>()
  return {
    *entries() {
      for (const span of spans) {
        const entry = span.to - span.from > maxRecordBytes ? TOO_LARGE : undefined
        const read = entry ? undefined : object(parse(body, span))
        const resource = object(read?.resource)
        const url = text(read?.fullUrl)
        if (resource && url !== undefined) urls.set(resource, url)
        yield entry ?? { resource, request: object(read?.request) }
      }
    },
    pathOf: (index, _resource, path) => `Bundle.entry[${index}].${path}`,
    receivedAt,
    resolve: (reference, from) => references.resolve(reference, from, urls.get(from)),
  }
}

export const TOO_LARGE: BundleEntry = { resource: undefined, request: undefined, fault: 'record-too-large' }

export function tooMany(maxRecords: number): ProblemError {
  return new ProblemError(
    'too-many-records',
    `A request may have at most ${maxRecords} records; send several requests.`,
  )
}

function notBundle(): ProblemError {
  return new ProblemError(
    'malformed-body',
    'The body must be a FHIR R4 Bundle; a resource alone is sent to the address of its type, and lines of resources as application/fhir+ndjson.',
  )
}

function parse(body: Buffer, span: Span): unknown {
  try {
    return JSON.parse(body.toString('utf8', span.from, span.to))
  } catch {
    throw invalidJson(body, span)
  }
}
