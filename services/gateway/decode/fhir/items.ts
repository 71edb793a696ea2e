/** FHIR R4 as items, from a Bundle or from what is read like one: each resource becomes records of one or several feeds. */
import type { OnUnmapped } from '../../ingest/unmapped.ts'
import type { Item } from '../item.ts'
import type { Bundle, BundleEntry } from './bundle.ts'
import type { FeedRecord, Mapped } from './common.ts'
import { deletionOf } from './deletions.ts'
import { elementsOf, mapResource } from './map.ts'
import { unmappedElements } from './unmapped.ts'

const METHODS = ['POST', 'PUT', 'DELETE']

/** @param onUnmapped told of each element with a value that no mapping reads, of the resources that have records */
export function* bundleItems(bundle: Bundle, onUnmapped: OnUnmapped): Generator<Item> {
  let index = -1
  for (const entry of bundle.entries()) {
    index++
    if (entry.fault !== undefined) {
      const where = entry.place === undefined ? {} : { path: entry.place }
      yield { kind: 'undecodable', index, feed: undefined, pointer: '', fault: entry.fault, ...where }
      continue
    }
    const mapped = mapEntry(entry, bundle)
    const at = index
    if (mapped.ok) {
      for (const path of unmappedElements(entry.resource ?? {})) onUnmapped(path)
      for (const one of mapped.records) {
        const pathOf = (field: string) => bundle.pathOf(at, entry.resource, elementPath(entry, one, field))
        yield { kind: 'decoded', index, feed: one.feed, raw: one.record, source: 'json', pathOf }
      }
    } else {
      const { allowed, fault, feed, pointer } = mapped
      const path = mapped.path === undefined ? undefined : bundle.pathOf(index, entry.resource, mapped.path)
      const where = path === undefined ? {} : { path }
      yield { kind: 'undecodable', index, feed, pointer, fault, ...where, ...(allowed ? { allowed } : {}) }
    }
  }
}

/** @returns the entry's records, or its fault with a path from the entry */
export function mapEntry({ request, resource }: BundleEntry, bundle: Bundle): Mapped {
  const method = request?.method
  if (method !== undefined && !METHODS.includes(String(method)))
    return {
      ok: false,
      pointer: '/request/method',
      fault: 'unsupported-method',
      path: 'request.method',
      allowed: METHODS,
    }
  if (method === 'DELETE' && !resource) {
    const deletion = deletionOf(request?.url, bundle)
    if (deletion) return { ok: true, records: [deletion] }
    return { ok: false, pointer: '/request/url', fault: 'delete-needs-resource', path: 'request.url' }
  }
  const mapped = mapResource(resource, bundle, method === 'DELETE')
  if (mapped.ok || mapped.path === undefined) return mapped
  return { ...mapped, path: mapped.path === '' ? 'resource' : `resource.${mapped.path}` }
}

function elementPath({ resource }: BundleEntry, of: FeedRecord, field: string): string {
  const [element] = elementsOf(resource?.resourceType, of, field)
  return element === undefined ? 'resource' : `resource.${element}`
}
