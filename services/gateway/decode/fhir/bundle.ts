/** An R4 Bundle and the targets of its references: other entries by full URL or type and id, and contained resources. */
import { ProblemError } from '../../problem.ts'
import { type Json, object, objects, text } from './json.ts'

const TYPES = ['transaction', 'batch', 'collection']

export interface BundleEntry {
  readonly resource: Json | undefined
  /** The entry's request: its method and address; undefined in a collection. */
  readonly request: Json | undefined
}

export interface Bundle {
  readonly entries: readonly BundleEntry[]
  /** When the gateway received it, milliseconds since 1970; for resources without the time of their last change. */
  readonly receivedAt: number
  /**
   * @param from the resource that contains the reference
   * @returns the resource, or undefined when the Bundle does not have it
   */
  resolve(reference: unknown, from: Json): Json | undefined
}

/**
 * @param receivedAt milliseconds since 1970
 * @throws ProblemError malformed-body when the body is not such a Bundle
 */
export function openBundle(raw: unknown, receivedAt: number): Bundle {
  const bundle = object(raw)
  if (bundle?.resourceType !== 'Bundle') throw new ProblemError('malformed-body', 'The body must be a FHIR R4 Bundle.')
  if (!TYPES.includes(text(bundle.type) ?? ''))
    throw new ProblemError('malformed-body', `Bundle.type must be one of ${TYPES.join(', ')}.`)
  const entries = Array.isArray(bundle.entry) ? bundle.entry.map((entry) => object(entry)) : []
  const known = new Map<string, Json>()
  for (const entry of entries) {
    const fullUrl = text(entry?.fullUrl)
    const resource = object(entry?.resource)
    if (!resource) continue
    if (fullUrl) known.set(fullUrl, resource)
    const type = text(resource.resourceType)
    const id = text(resource.id)
    if (type && id) known.set(`${type}/${id}`, resource)
  }
  return {
    entries: entries.map((entry) => ({ resource: object(entry?.resource), request: object(entry?.request) })),
    receivedAt,
    resolve(reference, from) {
      const target = text(object(reference)?.reference)
      if (target === undefined) return undefined
      if (target.startsWith('#'))
        return objects(from.contained).find((contained) => `#${text(contained.id) ?? ''}` === target)
      const versionless = target.replace(/\/_history\/[^/]*$/, '')
      return known.get(versionless) ?? known.get(versionless.split('/').slice(-2).join('/'))
    },
  }
}
