/** The references of a body: each resolves to a resource of the same body, or to one that is contained in its own. */
import { type Json, object, objects, text } from '#core/fhir/json.ts'
import { type Target, targetOf } from './target.ts'

export interface References {
  /** @param fullUrl of the Bundle's entry */
  add(resource: unknown, fullUrl?: unknown): void
  /**
   * @param from the resource that contains the reference
   * @param url `fullUrl` of its entry: a relative reference is to the same server (hl7.org/fhir/R4/bundle.html#references)
   * @returns what is needed of the resource, or undefined when the body does not have it
   */
  resolve(reference: unknown, from: Json, url?: string): Target | undefined
}

interface Known {
  readonly target: Target
  /** `fullUrl` of the Bundle's entry. */
  readonly url: string | undefined
  /** Resources of several addresses have this type and id, and do not say the same of themselves. */
  readonly unclear: boolean
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i
/** Its base, of the address of a resource. */
const SERVER = /^(https?:\/\/.+)\/[A-Za-z]+\/[A-Za-z0-9.-]+$/i

/** Names and addresses change between two versions of a resource, and tell no resource apart. */
const identity = (target: Target) => JSON.stringify({ ...target, traits: undefined, names: undefined })

function differs(before: Known, url: string | undefined, target: Target): boolean {
  return before.unclear || (before.url !== url && identity(before.target) !== identity(target))
}

export function createReferences(): References {
  const byUrl = new Map<string, Target>()
  const byId = new Map<string, Known>()
  return {
    add(value, fullUrl) {
      const resource = object(value)
      if (!resource) return
      const target = targetOf(resource)
      const url = text(fullUrl)
      if (url) byUrl.set(url, target)
      const type = text(resource.resourceType)
      const id = text(resource.id)
      if (!type || !id) return
      const name = `${type}/${id}`
      const before = byId.get(name)
      byId.set(name, { url, target, unclear: before !== undefined && differs(before, url, target) })
    },
    resolve(reference, from, url) {
      const target = text(object(reference)?.reference)
      if (target === undefined) return undefined
      if (target.startsWith('#')) {
        const contained = objects(from.contained).find((one) => `#${text(one.id) ?? ''}` === target)
        return contained && targetOf(contained, true)
      }
      const versionless = target.replace(/\/_history\/[^/]*$/, '')
      const server = SERVER.exec(url ?? '')?.[1]
      const absolute = ABSOLUTE.test(versionless) || server === undefined ? versionless : `${server}/${versionless}`
      const named = byUrl.get(absolute)
      if (named) return named
      const known = byId.get(versionless.split('/').slice(-2).join('/'))
      // What is on another server may have the same id. Without addresses the body does not say on which server its resources are.
      const elsewhere = ABSOLUTE.test(absolute) && /^https?:/i.test(known?.url ?? '')
      return known && !known.unclear && !elsewhere ? known.target : undefined
    },
  }
}
