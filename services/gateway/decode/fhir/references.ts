/** The references of a body: each resolves to a resource of the same body, or to one that is contained in its own. */
import { type Json, object, objects, text } from './json.ts'
import { type Target, targetOf } from './target.ts'

export interface References {
  /** @param fullUrl of the Bundle's entry */
  add(resource: unknown, fullUrl?: unknown): void
  /**
   * @param from the resource that contains the reference
   * @returns what is needed of the resource, or undefined when the body does not have it
   */
  resolve(reference: unknown, from: Json): Target | undefined
}

interface Known {
  readonly target: Target
  /** `fullUrl` of the Bundle's entry. */
  readonly url: string | undefined
  /** Resources of several addresses have this type and id, and do not say the same of themselves. */
  readonly unclear: boolean
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i

function differs(before: Known, url: string | undefined, target: Target): boolean {
  return before.unclear || (before.url !== url && JSON.stringify(before.target) !== JSON.stringify(target))
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
    resolve(reference, from) {
      const target = text(object(reference)?.reference)
      if (target === undefined) return undefined
      if (target.startsWith('#')) {
        const contained = objects(from.contained).find((one) => `#${text(one.id) ?? ''}` === target)
        return contained && targetOf(contained, true)
      }
      const versionless = target.replace(/\/_history\/[^/]*$/, '')
      const named = byUrl.get(versionless)
      if (named) return named
      const known = byId.get(versionless.split('/').slice(-2).join('/'))
      // What is on another server may have the same id. Without addresses the body does not say on which server its resources are.
      const elsewhere = ABSOLUTE.test(versionless) && known?.url !== undefined
      return known && !known.unclear && !elsewhere ? known.target : undefined
    },
  }
}
