/** What cannot be mapped without a change of meaning is refused, by the element and what it may be; never with its value. */
import type { RecordFault } from '#core/faults/codes.ts'
import { type Json, object, objects, text } from '#core/fhir/json.ts'

/**
 * @param path FHIRPath of the element, from the resource
 * @param allowed what it may be, where that is a list
 */
export type Refuse = (path: string, fault: RecordFault, allowed?: readonly string[]) => void

/** @returns the same, for elements below another one */
export function within(prefix: string, refuse: Refuse): Refuse {
  return (path, fault, allowed) => refuse(`${prefix}${path}`, fault, allowed)
}

/** `entered-in-error` cancels the record (`versionOf`), and is no symbol of a column. */
const IN_ERROR = 'entered-in-error'

/**
 * @param allowed codes of the element's value set, without `entered-in-error`
 * @returns a code as the symbol of an enum (`not-done` is `not_done`); undefined when the element is absent or refused
 */
export function symbolOf(of: Json, name: string, allowed: readonly string[], refuse: Refuse): string | undefined {
  const value = of[name]
  if (value === undefined || value === null || value === IN_ERROR) return undefined
  if (typeof value === 'string' && allowed.includes(value)) return value.replaceAll('-', '_')
  refuse(name, 'enum', [...allowed, IN_ERROR])
  return undefined
}

/**
 * @param system of the value set's code system; a coding without a system counts as of it
 * @returns the code of a CodeableConcept as the symbol of an enum; a concept in words only, or of another system only, is refused
 */
export function conceptSymbol(
  of: Json,
  name: string,
  system: string,
  allowed: readonly string[],
  refuse: Refuse,
): string | undefined {
  if (of[name] === undefined || of[name] === null) return undefined
  const codings = objects(object(of[name])?.coding)
  const coding = codings.find((one) => one.system === system) ?? codings.find((one) => one.system === undefined)
  const code = text(coding?.code)
  if (code === IN_ERROR) return undefined
  if (code !== undefined && allowed.includes(code)) return code.replaceAll('-', '_')
  refuse(name, 'enum', [...allowed, IN_ERROR])
  return undefined
}

export function booleanOf(of: Json, name: string, refuse: Refuse): boolean | undefined {
  const value = of[name]
  if (typeof value === 'boolean') return value
  if (value !== undefined && value !== null) refuse(name, 'type')
  return undefined
}

interface Place {
  readonly value: unknown
  readonly name: string
  readonly parent?: Place
}

/**
 * Refuses extensions that may turn the meaning of an element into its opposite, at any depth, and rules of another specification. Walks
 * without recursion: a body may be nested as deeply as it is long.
 */
export function refuseModifiers(resource: Json, refuse: Refuse): void {
  if (!hasModifier(resource)) return
  const places: Place[] = [{ value: resource, name: '' }]
  for (let place = places.pop(); place; place = places.pop()) {
    const { value } = place
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries())
        if (typeof element === 'object') places.push({ value: element, name: `[${index}]`, parent: place })
      continue
    }
    const of = object(value)
    if (!of) continue
    for (const [name, element] of Object.entries(of)) {
      const below: Place = { value: element, name: place.parent ? `.${name}` : name, parent: place }
      if (isModifier(name, element)) refuse(pathOf(below), 'unsupported-modifier')
      else if (typeof element === 'object' && element !== null) places.push(below)
    }
  }
}

function pathOf(place: Place): string {
  const names: string[] = []
  for (let at: Place | undefined = place; at; at = at.parent) names.push(at.name)
  return names.reverse().join('')
}

/** Most resources have none: looking costs less than keeping the way to each element. */
function hasModifier(resource: Json): boolean {
  const left: unknown[] = [resource]
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const of = at as Record<string, unknown>
    for (const name in of) {
      const element = of[name]
      if (isModifier(name, element)) return true
      if (typeof element === 'object' && element !== null) left.push(element)
    }
  }
  return false
}

function isModifier(name: string, element: unknown): boolean {
  return name === 'implicitRules' || (name === 'modifierExtension' && objects(element).length > 0)
}
