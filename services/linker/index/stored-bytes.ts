/** Keys and values of the linkage index in Redis. Keys: docs/adr/0051. */
import type { Untold } from './outbox.ts'
import type { Flag } from './writes.ts'

/** Numbers with equal leading bytes share a bucket, which Redis keeps in its compact form. */
export const BUCKET = 256
export const FLAG_KEYS: Readonly<Record<Flag, string>> = { limited: 'q', split: 's' }
const NEW = Buffer.from('n')
const NOTED = Buffer.from('1')
const NUMBER_BYTES = 4
const EDGE_BYTES = 12

export const prefixOf = (name: string) => `{lx:${name}}`

/** @param name of the index @returns the key of a record by its number, and those of a bucket of edges and persons by its number */
export function numberedKeys(name: string) {
  const prefix = prefixOf(name)
  const numbered = (kind: string, bytes: number) => {
    const key = Buffer.from(`${prefix}${kind}${'0'.repeat(bytes)}`, 'latin1')
    return (number: number) => {
      const one = Buffer.from(key)
      one.writeUIntBE(number, one.length - bytes, bytes)
      return one
    }
  }
  return {
    record: numbered('r', NUMBER_BYTES),
    edges: numbered('e', NUMBER_BYTES - 1),
    persons: numbered('p', NUMBER_BYTES - 1),
  }
}

export function packNumber(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  bytes.writeUInt32BE(number)
  return bytes
}

/** Four bytes: the person that the record has left. */
export function packUntold({ isNew, left }: Untold): Buffer {
  if (isNew) return NEW
  return left === undefined ? NOTED : packNumber(left)
}

export function readUntold(bytes: Buffer): Untold {
  return { isNew: bytes.equals(NEW), left: bytes.length === NUMBER_BYTES ? bytes.readUInt32BE() : undefined }
}

/** Twelve bytes each: number, weight as f64 LE. */
export function packEdges(edges: ReadonlyMap<number, number>): Buffer {
  const bytes = Buffer.allocUnsafe(EDGE_BYTES * edges.size)
  let at = 0
  for (const [other, weight] of edges) {
    bytes.writeUInt32BE(other, at)
    bytes.writeDoubleLE(weight, at + NUMBER_BYTES)
    at += EDGE_BYTES
  }
  return bytes
}

export function readEdges(bytes: Buffer): ReadonlyMap<number, number> {
  const edges = new Map<number, number>()
  for (let at = 0; at < bytes.length; at += EDGE_BYTES)
    edges.set(bytes.readUInt32BE(at), bytes.readDoubleLE(at + NUMBER_BYTES))
  return edges
}
