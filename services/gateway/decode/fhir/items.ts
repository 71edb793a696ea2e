/** A FHIR R4 Bundle as items: each resource becomes records of one or several feeds. */
import { isUtf8 } from 'node:buffer'
import { ProblemError } from '../../problem.ts'
import type { Item } from '../item.ts'
import { bomLength } from '../ndjson.ts'
import { openBundle } from './bundle.ts'
import { mapResource } from './map.ts'

/**
 * @param receivedAt when the gateway received the request, milliseconds since 1970
 * @throws ProblemError malformed-body when the body is not a Bundle
 */
export function* bundleItems(body: Buffer, receivedAt: number): Generator<Item> {
  const bundle = openBundle(parse(body), receivedAt)
  for (const [index, resource] of bundle.resources.entries()) {
    const mapped = mapResource(resource, bundle)
    if (mapped.ok) {
      for (const { feed, record } of mapped.records) yield { kind: 'decoded', index, feed, raw: record, source: 'json' }
    } else {
      yield { kind: 'undecodable', index, feed: mapped.feed, pointer: mapped.pointer, fault: mapped.fault }
    }
  }
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body)) throw new ProblemError('malformed-body', 'The body is not UTF-8.')
  try {
    return JSON.parse(body.toString('utf8', bomLength(body)))
  } catch {
    throw new ProblemError('malformed-body', 'The body is not valid JSON.')
  }
}
