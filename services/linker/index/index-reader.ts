/**
 * Reads the linkage index beside the linker that writes it: no script, no lock, and nothing is written, so that its writer stays the writer. What is
 * read at two moments may belong to two states. Keys: docs/adr/0031.
 */
import type { Redis } from 'ioredis'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { IndexForm } from './link-index.ts'

/** The layout of keys that this file knows. */
const READ_FORMAT = 2
const MOVED = 'm'
const HUB = 'h'
const NUMBER_BYTES = 4
const EDGE_BYTES = 12
const BUCKET_BYTES = 3
const AT_ONCE = 1000

export interface IndexReader {
  /** Records that have been there, cancelled ones included: numbers from 0 to this. */
  size(): Promise<number>
  /** @param ids hashed @returns the number of each; undefined where the index does not know the record */
  numbers(ids: readonly Buffer[]): Promise<readonly (number | undefined)[]>
  /** @returns the records as they are stored now */
  records(numbers: readonly number[]): Promise<ReadonlyMap<number, Buffer>>
  /** @returns of each record its edges: other record and weight */
  edges(numbers: readonly number[]): Promise<readonly ReadonlyMap<number, number>[]>
  /** @returns of each record the first record of its person */
  persons(numbers: readonly number[]): Promise<readonly number[]>
  /** @param tokens 8 bytes each @returns the records that have each, in the order of arrival; `hub` where too many have it */
  tokens(tokens: readonly Buffer[], source: number): Promise<readonly (readonly number[] | 'hub')[]>
  /** What is under way: records whose persons are to be made again, and records to be told of. */
  waiting(): Promise<{ readonly marked: number; readonly untold: number }>
}

/** @throws ConfigurationError when there is no such index, or it was made in another form */
export async function readIndex(redis: Redis, name: string, expected: IndexForm): Promise<IndexReader> {
  const prefix = `{lx:${name}}`
  const text = await redis.get(`${prefix}m`)
  if (text === null)
    throw new ConfigurationError(`There is no linkage index ${name}`, [
      'the linker makes it: start it, or name another one (CHAINON_LINKAGE_INDEX)',
    ])
  const known = JSON.parse(text) as Readonly<Record<string, unknown>>
  const wanted = { ...expected, format: READ_FORMAT }
  const differing = Object.entries(wanted).filter(([field, value]) => known[field] !== value)
  if (differing.length > 0)
    throw new ConfigurationError(
      `The linkage index ${name} was made otherwise`,
      differing.map(([field]) => `${field} differs: the settings, contracts and the model must be those of the linker`),
    )

  const key = (kind: string, bytes: Buffer) => Buffer.concat([Buffer.from(`${prefix}${kind}`), bytes])

  /** @returns the list of each place, where it is short or has been moved */
  async function lists(kind: string, places: readonly Buffer[]): Promise<(Buffer | null)[]> {
    const found: (Buffer | null)[] = []
    for (let from = 0; from < places.length; from += AT_ONCE) {
      const part = places.slice(from, from + AT_ONCE)
      const short = await pipelined(
        part.map((place) => ['HGET', key(kind, place.subarray(0, BUCKET_BYTES)), place.subarray(BUCKET_BYTES)]),
      )
      const moved = part.filter((_, at) => short[at]?.toString('latin1') === MOVED)
      const long = await pipelined(moved.map((place) => ['GET', key(`${kind}+`, place)]))
      let next = 0
      for (const one of short) found.push(one?.toString('latin1') === MOVED ? (long[next++] ?? null) : one)
    }
    return found
  }

  async function pipelined(commands: readonly (readonly [string, ...Buffer[]])[]): Promise<(Buffer | null)[]> {
    if (commands.length === 0) return []
    const pipeline = redis.pipeline()
    for (const [command, ...args] of commands) pipeline.callBuffer(command, ...args)
    return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error
      return reply as Buffer | null
    })
  }

  return {
    size: async () => Number((await redis.get(`${prefix}n`)) ?? 0),
    numbers: async (ids) => (await lists('i', ids)).map((number) => number?.readUInt32BE()),
    async records(numbers) {
      const found = new Map<number, Buffer>()
      for (let from = 0; from < numbers.length; from += AT_ONCE) {
        const part = numbers.slice(from, from + AT_ONCE)
        const replies = await redis.mgetBuffer(part.map((number) => key('r', packed(number))))
        for (const [at, stored] of replies.entries()) if (stored) found.set(part[at] as number, stored)
      }
      return found
    },
    edges: async (numbers) => (await lists('e', numbers.map(packed))).map(edgesOf),
    async persons(numbers) {
      const firsts = await lists('p', numbers.map(packed))
      return numbers.map((number, at) => firsts[at]?.readUInt32BE() ?? number)
    },
    async tokens(tokens, source) {
      return (await lists(`t${source}`, tokens)).map((list) => {
        if (list?.toString('latin1') === HUB) return 'hub'
        return Array.from({ length: (list?.length ?? 0) / NUMBER_BYTES }, (_, at) =>
          (list as Buffer).readUInt32BE(NUMBER_BYTES * at),
        )
      })
    },
    async waiting() {
      const [marked, untold] = await Promise.all(['d', 'o'].map((kind) => redis.hkeys(`${prefix}${kind}`)))
      return { marked: marked?.length ?? 0, untold: untold?.length ?? 0 }
    },
  }
}

function packed(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  bytes.writeUInt32BE(number)
  return bytes
}

function edgesOf(list: Buffer | null): ReadonlyMap<number, number> {
  const edges = new Map<number, number>()
  for (let at = 0; list && at < list.length; at += EDGE_BYTES)
    edges.set(list.readUInt32BE(at), list.readDoubleLE(at + NUMBER_BYTES))
  return edges
}
