/** Elements of a resource that no mapping reads: they are left out, and counted by their place, never in silence. */

import { type Json, object, objects, text } from '#core/fhir/json.ts'
import { CHOICES, OF_EVERY_TYPE, OF_TYPE } from './elements.ts'
import { PATHS_OF_TYPE } from './map.ts'
import { PATIENT_EXTENSIONS } from './patient.ts'
import { UNREAD_OF } from './unread.ts'

/** Of an element: its parts that are read, by name. Without any, the element is read whole. */
interface Node {
  readonly read: Map<string, Node>
  readonly unread: Set<string>
}

/** Where an element is that is none of the resource: its name was chosen by the sender, and could be a value. */
const FOREIGN = 'other'

const NODES: ReadonlyMap<string, Node> = new Map(Object.keys(OF_TYPE).map((type) => [type, nodeOf(type)]))

/**
 * @returns of each element with a value that no mapping reads its place, `Observation.method` or `Patient.name.prefix`, once for the resource; `other`
 *   for what is no element of FHIR R4 there
 */
export function unmappedElements(resource: Json): ReadonlySet<string> {
  const found = new Set<string>()
  const type = text(resource.resourceType) ?? ''
  const node = NODES.get(type)
  if (node) visit(resource, node, type, found)
  // The Patient's extensions are read by their address.
  if (type === 'Patient' && objects(resource.extension).some(({ url }) => !PATIENT_EXTENSIONS.includes(String(url))))
    found.add('Patient.extension')
  for (const path of UNREAD_OF[type]?.(resource) ?? []) found.add(`${type}.${path}`)
  return found
}

/** As deep as the tree of what is read, and no deeper. */
function visit(of: Json, { read, unread }: Node, place: string, found: Set<string>): void {
  for (const name in of) {
    const value = of[name]
    if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) continue
    const node = read.get(name)
    if (!node) found.add(`${place}.${unread.has(name) ? name : FOREIGN}`)
    else if (node.read.size > 0)
      for (const part of Array.isArray(value) ? value : [value]) {
        const inside = object(part)
        if (inside) visit(inside, node, `${place}.${name}`, found)
      }
  }
}

function nodeOf(type: string): Node {
  const root = newNode()
  const { read = [], unread = [] } = OF_TYPE[type] ?? {}
  const mapped = Object.values(PATHS_OF_TYPE.get(type) ?? {}).flatMap((fields) => Object.values(fields).flat())
  for (const path of [...OF_EVERY_TYPE.read, ...read, ...mapped]) for (const one of choicesOf(path)) add(root, one)
  for (const path of [...OF_EVERY_TYPE.unread, ...unread]) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    const parent = names.reduce<Node | undefined>((node, name) => node?.read.get(name), root)
    parent?.unread.add(last)
  }
  return root
}

/** @returns the names of the parts, one list for each type of a choice element, of which a type is read whole unless it says its part */
function choicesOf(path: string): readonly (readonly string[])[] {
  const names = path.replaceAll(/\[\d+\]/g, '').split('.')
  const at = names.findIndex((name) => Object.hasOwn(CHOICES, name))
  if (at === -1) return [names]
  const [before, name = ''] = [names.slice(0, at), names[at]]
  const part = name === 'value' || names[at + 1] === undefined ? [] : [`Period.${names[at + 1]}`]
  return [...(CHOICES[name] ?? []), ...part].map((choice) => [...before, ...`${name}${choice}`.split('.')])
}

function add(root: Node, names: readonly string[]): void {
  let node = root
  for (const name of names) {
    const next = node.read.get(name) ?? newNode()
    node.read.set(name, next)
    node = next
  }
}

function newNode(): Node {
  return { read: new Map(), unread: new Set() }
}
