/**
 * An R4 Bundle, read in two passes over its bytes, so that one entry at a time is an object: first the place of each entry and what references need
 * of it (a reference may name a later entry), then entry by entry.
 */
import { yieldToEventLoop } from '#core/process/event-loop.ts'
import { ProblemError } from '../../problem.ts'
import { elementEnd, elementsOf, invalidJson, jsonSpan, membersOf, type Span } from '../json.ts'
import { type Json, object, objects, text } from './json.ts'
import { type Target, targetOf } from './target.ts'

const TYPES = ['transaction', 'batch', 'collection']
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
/** Bytes of entries between two pauses: some milliseconds. */
const BYTES_PER_SLICE = 256 * 1024

export interface BundleEntry {
  readonly resource: Json | undefined
  /** The entry's request: its method and address; undefined in a collection. */
  readonly request: Json | undefined
}

export interface Bundle {
  /** Each is parsed when it is its turn; undefined for one that is larger than allowed. */
  entries(): Generator<BundleEntry | undefined>
  /** When the gateway received it, milliseconds since 1970; for resources without the time of their last change. */
  readonly receivedAt: number
  /**
   * @param from the resource that contains the reference
   * @returns what is needed of the resource, or undefined when the Bundle does not have it
   */
  resolve(reference: unknown, from: Json): Target | undefined
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
  let known = new Map<string, Target>()
  let read = 0

  function* entriesFrom(from: number): Generator<void, number> {
    // Of a repeated member the last one counts.
    spans = []
    known = new Map()
    const elements = elementsOf(body, { from, to: body.length })
    for (let step = elements.next(); ; step = elements.next()) {
      if (step.done) return step.value
      const bytes = step.value.to - step.value.from
      spans.push(step.value)
      if (spans.length > maxRecords)
        throw new ProblemError(
          'too-many-records',
          `A request may have at most ${maxRecords} records; send several requests.`,
        )
      if (bytes <= maxRecordBytes) index(object(parse(body, step.value)), known)
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
  return {
    *entries() {
      for (const span of spans) {
        const entry = span.to - span.from > limits.maxRecordBytes ? undefined : object(parse(body, span))
        yield span.to - span.from > limits.maxRecordBytes
          ? undefined
          : { resource: object(entry?.resource), request: object(entry?.request) }
      }
    },
    receivedAt,
    resolve(reference, from) {
      const target = text(object(reference)?.reference)
      if (target === undefined) return undefined
      if (target.startsWith('#')) {
        const contained = objects(from.contained).find((one) => `#${text(one.id) ?? ''}` === target)
        return contained && targetOf(contained)
      }
      const versionless = target.replace(/\/_history\/[^/]*$/, '')
      return known.get(versionless) ?? known.get(versionless.split('/').slice(-2).join('/'))
    },
  }
}

function index(entry: Json | undefined, known: Map<string, Target>): void {
  const resource = object(entry?.resource)
  if (!resource) return
  const target = targetOf(resource)
  const fullUrl = text(entry?.fullUrl)
  if (fullUrl) known.set(fullUrl, target)
  const type = text(resource.resourceType)
  const id = text(resource.id)
  if (type && id) known.set(`${type}/${id}`, target)
}

function notBundle(): ProblemError {
  return new ProblemError('malformed-body', 'The body must be a FHIR R4 Bundle.')
}

function parse(body: Buffer, span: Span): unknown {
  try {
    return JSON.parse(body.toString('utf8', span.from, span.to))
  } catch {
    throw invalidJson(body, span)
  }
}
