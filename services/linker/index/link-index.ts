/**
 * The linkage index in Redis: records, which records have a token, edges, persons. Each script writes and reads at once; all are idempotent, and are
 * sent in pipelines. One linker writes an index: a later one takes it over, and the scripts of the earlier one fail. Keys: docs/adr/0031.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

/** What the bytes of an index depend on; an index that was made otherwise is not gone on with. */
export interface IndexForm {
  readonly layout: string
  readonly key: string
  readonly model: string
  readonly bits: number
  readonly hub: number
}

export interface PutReply {
  /** same: this version was there, and nothing was written. stale: a later version, or a cancellation, was there. */
  readonly state: 'new' | 'same' | 'replaced' | 'stale'
  /** Records are numbered as they arrive: 0, 1, 2... A later version keeps the number. */
  readonly number: number
  readonly hubs: number
  readonly overBudget: boolean
  /** Stored records: those of the rarest tokens first. */
  readonly candidates: readonly StoredRecord[]
}

export interface StoredRecord {
  readonly number: number
  readonly stored: Buffer
}

export interface NewEdge {
  readonly other: number
  readonly weight: number
  /** The version of the other record that was compared. */
  readonly version: number
}

export interface StoredComponent {
  readonly members: readonly number[]
  readonly edges: ReadonlyMap<number, ReadonlyMap<number, number>>
  /** The records themselves when there are more than two: for the weights of those without an edge. */
  readonly records: readonly StoredRecord[]
}

/** A component of more records than the limit. */
export const LARGE = 'large'

export interface LinkIndex {
  /** Records that have been there, cancelled ones included. */
  size(): Promise<number>
  put(
    records: readonly { readonly id: Buffer; readonly record: Buffer; readonly candidatesOf: number }[],
    budget: number,
  ): Promise<PutReply[]>
  /** @returns components; undefined where no edge was left */
  connect(
    records: readonly { readonly number: number; readonly version: number; readonly edges: readonly NewEdge[] }[],
    most: number,
  ): Promise<(StoredComponent | typeof LARGE | undefined)[]>
  components(numbers: readonly number[], above: number, most: number): Promise<(StoredComponent | typeof LARGE)[]>
  /** @param marked what `marked` returned, and is done with this */
  writePersons(persons: ReadonlyMap<number, number>[], marked?: ReadonlyMap<number, string>): Promise<void>
  cancel(id: Buffer, cancelled: Buffer): Promise<'cancelled' | 'same' | 'stale'>
  /** @returns records whose persons must be made again, because a neighbour was replaced or cancelled, with how often */
  marked(): Promise<ReadonlyMap<number, string>>
  /** @returns for each number the first record of its person */
  persons(): Promise<Int32Array>
  /** @returns numbers of the records with edges, rising */
  connected(): Promise<readonly number[]>
  /** Removes the index. */
  remove(): Promise<void>
}

const script = (name: string) => readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
const COMMON = script('common')
const NAMES = ['put', 'connect', 'component', 'persons', 'cancel'] as const
type Name = (typeof NAMES)[number]
const NUMBER_BYTES = 4
const EDGE_BYTES = 12
const NEW_EDGE_BYTES = 20
const PERSON_BYTES = 8
/** Numbers with equal leading bytes share a bucket. */
const BUCKET_NUMBERS = 256
const BUCKETS_AT_ONCE = 500
const KEYS_AT_ONCE = 1000

type Args = readonly (string | number | Buffer)[]

/**
 * Makes the index, or takes it over.
 * @throws ConfigurationError when it was made in another form
 */
export async function openIndex(redis: Redis, name: string, form: IndexForm): Promise<LinkIndex> {
  const prefix = `{lx:${name}}`
  const writerKey = `${prefix}w`
  const formText = JSON.stringify(form)
  await redis.set(`${prefix}m`, formText, 'NX')
  const known = JSON.parse((await redis.get(`${prefix}m`)) ?? '{}') as Partial<Record<keyof IndexForm, unknown>>
  const differing = (Object.keys(form) as (keyof IndexForm)[]).filter((field) => known[field] !== form[field])
  if (differing.length > 0)
    throw new ConfigurationError(
      `The linkage index ${name} was made otherwise`,
      differing.map((field) => `${field} differs: make another index`),
    )
  const writer = randomBytes(8).toString('hex')
  await redis.set(writerKey, writer)
  const hashes = {} as Record<Name, string>

  async function load(): Promise<void> {
    for (const one of NAMES) hashes[one] = String(await redis.script('LOAD', COMMON + script(one)))
  }
  await load()

  /** Runs a script once for each list of arguments. Redis may have been restarted and know no script any more: all are idempotent. */
  async function run(one: Name, lists: readonly Args[], again = true): Promise<unknown[]> {
    if (lists.length === 0) return []
    const pipeline = redis.pipeline()
    for (const args of lists) pipeline.callBuffer('EVALSHA', hashes[one], 1, writerKey, writer, ...args)
    const replies = (await pipeline.exec()) ?? []
    const error = replies.find(([failed]) => failed)?.[0]
    if (!error) return replies.map(([, reply]) => reply)
    if (error.message.includes('LOST writer'))
      throw new ChainonError('link-index-taken', `another linker has taken the linkage index ${name} over`)
    if (!again || !error.message.startsWith('NOSCRIPT')) throw error
    await load()
    return run(one, lists, false)
  }

  async function buckets(
    kind: string,
    read: (from: number, fields: readonly Buffer[]) => void,
    command: 'HGETALL' | 'HKEYS',
  ): Promise<void> {
    const last = Math.ceil((await size()) / BUCKET_NUMBERS)
    for (let from = 0; from < last; from += BUCKETS_AT_ONCE) {
      const pipeline = redis.pipeline()
      const to = Math.min(last, from + BUCKETS_AT_ONCE)
      for (let bucket = from; bucket < to; bucket++)
        pipeline.callBuffer(
          command,
          Buffer.concat([Buffer.from(`${prefix}${kind}`), packNumber(bucket * BUCKET_NUMBERS).subarray(0, 3)]),
        )
      for (const [at, [error, fields]] of ((await pipeline.exec()) ?? []).entries()) {
        if (error) throw error
        read((from + at) * BUCKET_NUMBERS, fields as Buffer[])
      }
    }
  }

  const size = async () => Number((await redis.get(`${prefix}n`)) ?? 0)

  return {
    size,
    async put(records, budget) {
      const replies = await run(
        'put',
        records.map(({ id, record, candidatesOf }) => [id, record, candidatesOf, budget, form.hub]),
      )
      return (replies as [Buffer, Buffer, number?, number?, Buffer?, Buffer[]?][]).map(
        ([state, number, hubs = 0, over = 0, candidates, stored = []]) => ({
          state: state.toString() as PutReply['state'],
          number: number.readUInt32BE(),
          hubs,
          overBudget: over === 1,
          candidates: stored.map((one, at) => ({
            number: candidates?.readUInt32BE(NUMBER_BYTES * at) ?? 0,
            stored: one,
          })),
        }),
      )
    },
    async connect(records, most) {
      const replies = await run(
        'connect',
        records.map(({ number, version, edges }) => [packNumber(number), packDouble(version), most, packEdges(edges)]),
      )
      return replies.map((reply) =>
        (reply as unknown[]).length === 0 ? undefined : readComponent(reply as ComponentReply),
      )
    },
    async components(numbers, above, most) {
      const replies = await run(
        'component',
        numbers.map((number) => [packNumber(number), above, most]),
      )
      return (replies as ComponentReply[]).map(readComponent)
    },
    async writePersons(components, marked = new Map()) {
      const done = [...marked].flatMap(([number, count]) => [packNumber(number), count])
      const lists = components.map((persons) => packPersons(persons))
      await run(
        'persons',
        lists.map((persons, at) => [persons, ...(at === lists.length - 1 ? done : [])]),
      )
    },
    async cancel(id, cancelled) {
      const [reply] = await run('cancel', [[id, cancelled]])
      return (reply as Buffer).toString() as 'cancelled' | 'same' | 'stale'
    },
    async marked() {
      const fields = (await redis.callBuffer('HGETALL', `${prefix}d`)) as Buffer[]
      const marked = new Map<number, string>()
      for (let at = 0; at < fields.length; at += 2)
        marked.set((fields[at] as Buffer).readUInt32BE(), String(fields[at + 1]))
      return marked
    },
    async persons() {
      const persons = Int32Array.from({ length: await size() }, (_, number) => number)
      await buckets(
        'p',
        (from, fields) => {
          for (let at = 0; at < fields.length; at += 2)
            persons[from + (fields[at]?.[0] ?? 0)] = (fields[at + 1] as Buffer).readUInt32BE()
        },
        'HGETALL',
      )
      return persons
    },
    async connected() {
      const numbers: number[] = []
      await buckets('e', (from, fields) => numbers.push(...fields.map((field) => from + (field[0] ?? 0))), 'HKEYS')
      return numbers.toSorted((a, b) => a - b)
    },
    async remove() {
      let cursor = '0'
      do {
        const [next, keys] = (await redis.scanBuffer(cursor, 'MATCH', `${prefix}*`, 'COUNT', KEYS_AT_ONCE)) as [
          Buffer,
          Buffer[],
        ]
        cursor = next.toString()
        if (keys.length > 0) await redis.unlink(...keys)
      } while (cursor !== '0')
    },
  }
}

type ComponentReply = [found: number, members: Buffer, edges: Buffer[], records?: Buffer[]]

function readComponent([found, members, lists, records = []]: ComponentReply): StoredComponent | typeof LARGE {
  if (found === 0) return LARGE
  const numbers = Array.from({ length: members.length / NUMBER_BYTES }, (_, at) =>
    members.readUInt32BE(NUMBER_BYTES * at),
  )
  const edges = new Map<number, Map<number, number>>()
  for (const [at, list] of lists.entries()) {
    const own = new Map<number, number>()
    for (let from = 0; from < list.length; from += EDGE_BYTES)
      own.set(list.readUInt32BE(from), list.readDoubleLE(from + NUMBER_BYTES))
    edges.set(numbers[at] as number, own)
  }
  return { members: numbers, edges, records: records.map((stored, at) => ({ number: numbers[at] as number, stored })) }
}

function packNumber(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  bytes.writeUInt32BE(number)
  return bytes
}

function packDouble(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleLE(value)
  return bytes
}

function packEdges(edges: readonly NewEdge[]): Buffer {
  const bytes = Buffer.allocUnsafe(NEW_EDGE_BYTES * edges.length)
  for (const [at, { other, weight, version }] of edges.entries()) {
    bytes.writeUInt32BE(other, NEW_EDGE_BYTES * at)
    bytes.writeDoubleLE(weight, NEW_EDGE_BYTES * at + NUMBER_BYTES)
    bytes.writeDoubleLE(version, NEW_EDGE_BYTES * at + EDGE_BYTES)
  }
  return bytes
}

function packPersons(persons: ReadonlyMap<number, number>): Buffer {
  const bytes = Buffer.allocUnsafe(PERSON_BYTES * persons.size)
  let at = 0
  for (const [number, person] of persons) {
    bytes.writeUInt32BE(number, at)
    bytes.writeUInt32BE(person, at + NUMBER_BYTES)
    at += PERSON_BYTES
  }
  return bytes
}
