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

export function createReferences(): References {
  const known = new Map<string, Target>()
  return {
    add(value, fullUrl) {
      const resource = object(value)
      if (!resource) return
      const target = targetOf(resource)
      const url = text(fullUrl)
      if (url) known.set(url, target)
      const type = text(resource.resourceType)
      const id = text(resource.id)
      if (type && id) known.set(`${type}/${id}`, target)
    },
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
