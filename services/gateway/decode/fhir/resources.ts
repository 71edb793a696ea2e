/** The resources of a body, whatever it is: a Bundle (`bundle.ts`), lines of NDJSON, or one resource. Each is mapped by the same code. */

import { type Json, object, text } from '#core/fhir/json.ts'
import { yieldToEventLoop } from '#core/process/event-loop.ts'
import { ProblemError } from '../../problem.ts'
import { invalidJson, jsonSpan } from '../json.ts'
import { ndjsonRecords, parseRecord } from '../ndjson.ts'
import { type Bundle, type BundleLimits, TOO_LARGE, tooMany } from './bundle.ts'
import { MAPPED_RESOURCES } from './map.ts'
import { createReferences } from './references.ts'

/** Milliseconds of a turn of the event loop while the references are read. */
const SLICE_MS = 10

const NOTHING = { resource: undefined, request: undefined }

/**
 * Bulk data: a resource for each line (hl7.org/fhir/R4/nd-json.html). It is read twice, so that a reference may name a later line and one resource at a time
 * is an object. A line that is malformed is a fault of that line only.
 *
 * @param receivedAt milliseconds since 1970
 * @throws ProblemError too-many-records
 */
export async function openLines(
  body: Buffer,
  receivedAt: number,
  { maxRecordBytes, maxRecords }: BundleLimits,
): Promise<Bundle> {
  const references = createReferences()
  let lines = 0
  let turn = performance.now()
  for (const line of ndjsonRecords(body, maxRecordBytes)) {
    if (++lines > maxRecords) throw tooMany(maxRecords)
    if (line.fault === undefined) references.add(line.raw)
    if (performance.now() - turn < SLICE_MS) continue
    await yieldToEventLoop()
    turn = performance.now()
  }
  return {
    *entries() {
      for (const line of ndjsonRecords(body, maxRecordBytes)) {
        const { fault } = line
        if (fault === undefined) yield { resource: object(line.raw), request: undefined }
        else yield { ...NOTHING, fault, ...(line.path === undefined ? {} : { place: line.path }) }
      }
    },
    pathOf: pathInResource,
    receivedAt,
    resolve: (reference, from) => references.resolve(reference, from),
  }
}

/** One resource, as it is sent to an address of its type. */
export interface Addressed {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly type: string
  /** Undefined for POST. */
  readonly id?: string
}

/**
 * @param receivedAt milliseconds since 1970
 * @throws ProblemError malformed-body when the body is no resource, or another one than the address says. A DELETE may have none
 */
export function openResource(
  body: Buffer,
  { method, type, id }: Addressed,
  receivedAt: number,
  limits: BundleLimits,
): Bundle {
  const resource = method === 'DELETE' && jsonSpan(body) === undefined ? undefined : read(body, limits)
  if (resource !== undefined && resource !== 'too-large') {
    if (resource.resourceType !== type)
      throw new ProblemError('malformed-body', `The body must be a resource of the type ${type}, as its address.`)
    if (id !== undefined && resource.id !== id)
      throw new ProblemError('malformed-body', 'The id of the resource must be that of its address.')
  }
  const references = createReferences()
  if (resource !== 'too-large') references.add(resource)
  const request = { method, url: id === undefined ? type : `${type}/${id}` }
  return {
    *entries() {
      yield resource === 'too-large' ? TOO_LARGE : { resource, request }
    },
    pathOf: pathInResource,
    receivedAt,
    resolve: (reference, from) => references.resolve(reference, from),
  }
}

function read(body: Buffer, { maxRecordBytes }: BundleLimits): Json | 'too-large' {
  const span = jsonSpan(body)
  if (!span) throw notResource()
  if (span.to - span.from > maxRecordBytes) return 'too-large'
  const parsed = parseRecord(body, span.from, span.to)
  if (parsed.fault) throw invalidJson(body, span)
  const resource = object(parsed.raw)
  if (!resource) throw notResource()
  return resource
}

/** A type that is not mapped is a text of the sender. */
function pathInResource(_index: number, resource: Json | undefined, path: string): string | undefined {
  const type = text(resource?.resourceType) ?? ''
  const [name, ...inside] = path.split('.')
  if (name !== 'resource') return undefined
  return [MAPPED_RESOURCES.includes(type) ? type : 'Resource', ...inside].join('.')
}

function notResource(): ProblemError {
  return new ProblemError('malformed-body', 'The body must be a FHIR R4 resource.')
}
