/** Values of a FHIR resource by the paths of the mapping: read here in another way than the gateway reads them. */
export type Json = Readonly<Record<string, unknown>>

/** A value that is no object and no list. */
export interface Leaf {
  /** From the resource, with indexes: `name[0].given[1]`. */
  readonly path: string
  readonly value: string | number | boolean
}

export interface Node {
  readonly path: string
  readonly value: unknown
}

/** Elements that have a type in their name (`value[x]`). */
const CHOICES = ['abatement', 'deceased', 'dose', 'effective', 'medication', 'onset', 'performed', 'value']

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param path FHIRPath from the resource; of a list each element is meant, unless it has an index */
export function nodesAt(resource: Json, path: string): readonly Node[] {
  let nodes: readonly Node[] = [{ path: '', value: resource }]
  for (const step of path.split('.')) {
    const [, name = '', index] = /^([A-Za-z]+)(?:\[(\d+)\])?$/.exec(step) ?? []
    nodes = nodes.flatMap(({ path: above, value }) =>
      isObject(value)
        ? keysOf(value, name).flatMap((key) => elements(above === '' ? key : `${above}.${key}`, value[key], index))
        : [],
    )
  }
  return nodes
}

export function leavesOf({ path, value }: Node): readonly Leaf[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => leavesOf({ path: `${path}[${i}]`, value: one }))
  if (isObject(value))
    return Object.entries(value).flatMap(([name, one]) =>
      leavesOf({ path: path === '' ? name : `${path}.${name}`, value: one }),
    )
  return value === null || value === undefined ? [] : [{ path, value: value as Leaf['value'] }]
}

/** @returns the place of a leaf or node without indexes */
export const placeOf = ({ path }: Pick<Leaf, 'path'>) => path.replaceAll(/\[\d+\]/g, '')

function keysOf(of: Json, name: string): readonly string[] {
  if (Object.hasOwn(of, name) || !CHOICES.includes(name)) return Object.hasOwn(of, name) ? [name] : []
  return Object.keys(of).filter((key) => key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length)))
}

function elements(path: string, value: unknown, index: string | undefined): readonly Node[] {
  if (!Array.isArray(value)) return [{ path, value }]
  return value
    .map((one, i) => ({ path: `${path}[${i}]`, value: one as unknown }))
    .filter((_, i) => index === undefined || i === Number(index))
}
