/**
 * The linkage index in Redis: records, which records have a token, edges, persons. Each script writes and reads a batch at once; all are idempotent. One linker writes an index: a later one takes it over, and the scripts of the earlier one fail. Keys: docs/adr/0031.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { PersonChange } from '#core/contract/person-link.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { Correction } from '../link/corrections.ts'
import { packVersion, type RecordVersion } from './codec.ts'

/** What the bytes of an index depend on; an index that was made otherwise is not gone on with. */
export interface IndexForm {
  readonly layout: string
  readonly key: string
  readonly model: string
  readonly bits: number
  readonly hub: number
}

/** A record to be told of. */
export interface OutboxEntry {
  readonly number: number
  /** How often it has changed. */
  readonly times: string
  /** Number of its person's first record; undefined for a cancelled record. */
  readonly person: number | undefined
  /** Of its strongest edge within the person, certain ones last; undefined when it has none. */
  readonly weight: number | undefined
  readonly linkVersion: number
  /** First record of the person that it was told to be of; undefined where that is the same, or it was of none. */
  readonly left: number | undefined
  /** What became of that person; empty where there is none. */
  readonly change: PersonChange
}

export interface PutReply {
  /** same: this version was there, and nothing was written. stale: a later version, or a cancellation, was there. */
  readonly state: 'new' | 'same' | 'replaced' | 'stale'
  /** Records are numbered as they arrive: 0, 1, 2... A later version keeps the number. */
  readonly number: number
  readonly hubs: number
  readonly overBudget: boolean
  /** Numbers of records: those of the rarest tokens first. */
  readonly candidates: readonly number[]
}

export interface NewEdge {
  readonly other: number
  readonly weight: number
  /** The version of the other record that was compared. */
  readonly version: RecordVersion
}

export interface StoredComponent {
  /** More records than the limit: then `members` has only the one that it was asked for, and there are no edges. */
  readonly large: boolean
  readonly members: readonly number[]
  readonly edges: ReadonlyMap<number, ReadonlyMap<number, number>>
}

/** A record, the records that share a token with it, and its edges. */
export interface Around {
  readonly candidates: readonly number[]
  readonly edges: ReadonlyMap<number, number>
}

export type Flag = 'limited' | 'split'

export interface LinkIndex {
  /** Records that have been there, cancelled ones included. */
  size(): Promise<number>
  put(
    records: readonly { readonly id: Buffer; readonly record: Buffer; readonly candidatesOf: number }[],
    budget: number,
  ): Promise<PutReply[]>
  /** @returns the records as they are stored now; one that was never there is missing */
  records(numbers: readonly number[]): Promise<ReadonlyMap<number, Buffer>>
  /** Writes edges, and the persons of components of two records. @returns the larger components that these edges are in, each once */
  connect(
    records: readonly {
      readonly number: number
      readonly version: RecordVersion
      readonly edges: readonly NewEdge[]
    }[],
    most: number,
  ): Promise<readonly StoredComponent[]>
  components(numbers: readonly number[], above: number, most: number): Promise<readonly StoredComponent[]>
  /** @param marked what `marked` returned, and is done with this */
  writePersons(persons: readonly ReadonlyMap<number, number>[], marked?: ReadonlyMap<number, string>): Promise<void>
  cancel(id: Buffer, cancelled: Buffer): Promise<'cancelled' | 'same' | 'stale'>
  /** @returns records whose persons must be made again, because a neighbour was replaced or cancelled, with how often */
  marked(): Promise<ReadonlyMap<number, string>>
  /** @returns for each number the first record of its person */
  persons(): Promise<Int32Array>
  /**
   * @param now microseconds since 1970
   * @param certain edges of this weight and more count only where there is no other
   * @returns records that are new, cancelled, or of another person than before, until `told` has them
   */
  outbox(now: number, most: number, certain: number): Promise<readonly OutboxEntry[]>
  told(entries: readonly OutboxEntry[]): Promise<void>
  /** @returns the offset of a partition's next message; undefined when the index has none of it */
  position(partition: string): Promise<bigint | undefined>
  passed(partition: string, next: bigint): Promise<void>
  /** @param kind `limited`: records that met a limit; `split`: records of a component that was too large @returns numbers of marked records, rising; at most so many */
  flagged(kind: Flag, most: number): Promise<readonly number[]>
  /** @returns how many records are marked */
  flags(kind: Flag): Promise<number>
  flag(kind: Flag, numbers: readonly number[], marked: boolean): Promise<void>
  /** @param ids as `IndexKeys.id` makes them @returns numbers of those that are there */
  numbersOf(ids: readonly Buffer[]): Promise<number[]>
  /**
   * Keeps what was decided about pairs of records, and marks those that are there as limited: their edges are corrected by the reconciliation.
   * @param decided two ids and the sealed decision, which begins with its order (f64 LE): of two of one pair the later one stays
   */
  decide(decided: readonly { readonly ids: readonly [Buffer, Buffer]; readonly sealed: Buffer }[]): Promise<void>
  /** @returns the sealed decisions */
  decided(): Promise<readonly Buffer[]>
  /** @param otherSource candidates are of the other source only */
  around(numbers: readonly number[], otherSource: boolean): Promise<readonly Around[]>
  /** Writes what `correctionOf` found: the records are no longer marked as limited, and whose persons may be others is in `marked`. */
  correct(corrections: ReadonlyMap<number, Correction>): Promise<void>
  /** @returns numbers of the records with edges, rising */
  connected(): Promise<readonly number[]>
  /** Removes the index. */
  remove(): Promise<void>
}

const script = (name: string) => readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
const COMMON = script('common')
const NAMES = [
  ...(['put', 'connect', 'component', 'persons', 'cancel', 'outbox', 'told', 'passed'] as const),
  ...(['around', 'correct', 'flag', 'decide'] as const),
] as const
const FLAG_KEYS: Readonly<Record<Flag, string>> = { limited: 'q', split: 's' }
const FLAG_BYTES_AT_ONCE = 4096
type Name = (typeof NAMES)[number]
const NUMBER_BYTES = 4
const EDGE_BYTES = 12
const NEW_EDGE_BYTES = 28
/** Of the bytes: an index of another one is not gone on with. */
const FORMAT = 2
const OUTBOX_FIELDS = 7
const PERSON_BYTES = 8
/** State, number, tokens skipped, over budget, how many candidates. */
const PUT_REPLY_BYTES = 9
/** Numbers with equal leading bytes share a bucket. */
const BUCKET_NUMBERS = 256
const BUCKETS_AT_ONCE = 500
const KEYS_AT_ONCE = 1000

type Args = readonly (string | number | Buffer)[]

/**
 * Makes the index, or takes it over.
 * @param hasOutbox whether it keeps which records are to be told of: somebody must then tell
 * @throws ConfigurationError when it was made in another form
 */
export async function openIndex(redis: Redis, name: string, given: IndexForm, hasOutbox = false): Promise<LinkIndex> {
  const form = { ...given, format: FORMAT }
  const prefix = `{lx:${name}}`
  const writerKey = `${prefix}w`
  const formText = JSON.stringify(form)
  await redis.set(`${prefix}m`, formText, 'NX')
  const known = JSON.parse((await redis.get(`${prefix}m`)) ?? '{}') as Partial<Record<keyof typeof form, unknown>>
  const differing = (Object.keys(form) as (keyof typeof form)[]).filter((field) => known[field] !== form[field])
  if (differing.length > 0)
    throw new ConfigurationError(
      `The linkage index ${name} was made otherwise`,
      differing.map((field) => `${field} differs: make another index`),
    )
  const writer = randomBytes(8).toString('hex')
  await redis.set(writerKey, writer)
  const hashes = {} as Record<Name, string>

  async function load(): Promise<void> {
    for (const one of NAMES)
      hashes[one] = String(await redis.script('LOAD', `local OUTBOX = ${hasOutbox}\n${COMMON}${script(one)}`))
  }
  await load()

  /** Redis may have been restarted and know no script any more: all are idempotent. */
  async function run(one: Name, args: Args, again = true): Promise<unknown> {
    try {
      return await redis.callBuffer('EVALSHA', hashes[one], 1, writerKey, writer, ...args)
    } catch (error) {
      const { message } = error as Error
      if (message.includes('LOST writer'))
        throw new ChainonError('link-index-taken', `another linker has taken the linkage index ${name} over`)
      if (!again || !message.startsWith('NOSCRIPT')) throw error
      await load()
      return run(one, args, false)
    }
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
      const args = records.flatMap(({ id, record, candidatesOf }) => [id, record, candidatesOf])
      return readPutReplies((await run('put', [budget, form.hub, ...args])) as Buffer, records.length)
    },
    async records(numbers) {
      const found = new Map<number, Buffer>()
      if (numbers.length === 0) return found
      const key = Buffer.from(`${prefix}r`)
      const replies = await redis.mgetBuffer(numbers.map((number) => Buffer.concat([key, packNumber(number)])))
      for (const [at, stored] of replies.entries()) if (stored) found.set(numbers[at] as number, stored)
      return found
    },
    async connect(records, most) {
      if (records.length === 0) return []
      const args = records.flatMap(({ number, version, edges }) => [
        packNumber(number),
        packVersion(version),
        packEdges(edges),
      ])
      return ((await run('connect', [most, ...args])) as Buffer[]).map(readComponent)
    },
    async components(numbers, above, most) {
      if (numbers.length === 0) return []
      return ((await run('component', [above, most, ...numbers.map(packNumber)])) as Buffer[]).map(readComponent)
    },
    async writePersons(components, marked = new Map()) {
      const done = [...marked].flatMap(([number, count]) => [packNumber(number), count])
      if (components.length > 0) await run('persons', [packPersons(components), ...done])
    },
    async cancel(id, cancelled) {
      return ((await run('cancel', [id, cancelled])) as Buffer).toString() as 'cancelled' | 'same' | 'stale'
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
    async outbox(now, most, certain) {
      const fields = (await run('outbox', [now, most, certain])) as Buffer[]
      return Array.from({ length: fields.length / OUTBOX_FIELDS }, (_, at) => {
        const [number, times, person, weight, version, left, change] = fields.slice(OUTBOX_FIELDS * at) as [
          ...[Buffer, Buffer, Buffer, Buffer],
          ...[Buffer, Buffer, Buffer],
        ]
        return {
          number: number.readUInt32BE(),
          times: times.toString(),
          person: person.length === 0 ? undefined : person.readUInt32BE(),
          weight: weight.length === 0 ? undefined : weight.readDoubleLE(),
          linkVersion: Number(version),
          left: left.length === 0 ? undefined : left.readUInt32BE(),
          change: change.toString() as PersonChange,
        }
      })
    },
    async told(entries) {
      if (entries.length === 0) return
      await run(
        'told',
        entries.flatMap(({ number, times }) => [packNumber(number), times]),
      )
    },
    async position(partition) {
      const next = await redis.hget(`${prefix}k`, partition)
      return next === null ? undefined : BigInt(next)
    },
    async passed(partition, next) {
      await run('passed', [partition, next.toString()])
    },
    async flagged(kind, most) {
      const key = `${prefix}${FLAG_KEYS[kind]}`
      const first = Number(await redis.call('BITPOS', key, 1))
      if (first < 0) return []
      const from = Math.floor(first / 8)
      const bytes = (await redis.callBuffer('GETRANGE', key, from, from + FLAG_BYTES_AT_ONCE - 1)) as Buffer
      const numbers: number[] = []
      for (let bit = first - 8 * from; bit < 8 * bytes.length && numbers.length < most; bit++)
        if (((bytes[bit >> 3] as number) & (0x80 >> (bit & 7))) !== 0) numbers.push(8 * from + bit)
      return numbers
    },
    flags: async (kind) => Number(await redis.call('BITCOUNT', `${prefix}${FLAG_KEYS[kind]}`)),
    async flag(kind, numbers, marked) {
      if (numbers.length > 0) await run('flag', [FLAG_KEYS[kind], marked ? 1 : 0, ...numbers.map(packNumber)])
    },
    async numbersOf(ids) {
      const pipeline = redis.pipeline()
      for (const id of ids)
        pipeline.callBuffer('HGET', Buffer.concat([Buffer.from(`${prefix}i`), id.subarray(0, 3)]), id.subarray(3))
      const numbers: number[] = []
      for (const [error, number] of (await pipeline.exec()) ?? []) {
        if (error) throw error
        if (number) numbers.push((number as Buffer).readUInt32BE())
      }
      return numbers
    },
    async decide(decided) {
      const args = decided.flatMap(({ ids, sealed }) => [...ids.toSorted((a, b) => Buffer.compare(a, b)), sealed])
      if (args.length > 0) await run('decide', args)
    },
    async decided() {
      const fields = (await redis.callBuffer('HGETALL', `${prefix}x`)) as Buffer[]
      return fields.filter((_, at) => at % 2 === 1)
    },
    async around(numbers, otherSource) {
      return ((await run('around', [otherSource ? 1 : 0, ...numbers.map(packNumber)])) as Buffer[]).map(readAround)
    },
    async correct(corrections) {
      const args = [...corrections].flatMap(([number, { added, removed }]) => [
        packNumber(number),
        Buffer.concat([...added].flatMap(([other, weight]) => [packNumber(other), packWeight(weight)])),
        Buffer.concat(removed.map(packNumber)),
      ])
      await run('correct', args)
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

const STATES: Readonly<Record<string, PutReply['state']>> = { n: 'new', s: 'same', r: 'replaced', x: 'stale' }

function readPutReplies(bytes: Buffer, count: number): PutReply[] {
  const replies: PutReply[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const state = STATES[String.fromCharCode(bytes.readUInt8(at))]
    if (!state) throw new RangeError('a script of the linkage index returned an unknown state')
    const found = bytes.readUInt16BE(at + 7)
    const from = at + PUT_REPLY_BYTES
    replies.push({
      state,
      number: bytes.readUInt32BE(at + 1),
      hubs: bytes.readUInt8(at + 5),
      overBudget: bytes.readUInt8(at + 6) === 1,
      candidates: Array.from({ length: found }, (_, c) => bytes.readUInt32BE(from + NUMBER_BYTES * c)),
    })
    at = from + NUMBER_BYTES * found
  }
  return replies
}

function readComponent(bytes: Buffer): StoredComponent {
  const count = bytes.readUInt16BE(0)
  const large = count === 0
  const members = Array.from({ length: Math.max(1, count) }, (_, at) => bytes.readUInt32BE(2 + NUMBER_BYTES * at))
  const edges = new Map<number, Map<number, number>>()
  let at = 2 + NUMBER_BYTES * count
  for (const member of large ? [] : members) {
    const end = at + NUMBER_BYTES + bytes.readUInt32BE(at)
    edges.set(member, readEdges(bytes, at + NUMBER_BYTES, end))
    at = end
  }
  return { large, members, edges }
}

function readAround(bytes: Buffer): Around {
  const count = bytes.readUInt32BE(0)
  const candidates = Array.from({ length: count }, (_, at) => bytes.readUInt32BE(NUMBER_BYTES * (1 + at)))
  return { candidates, edges: readEdges(bytes, NUMBER_BYTES * (1 + count), bytes.length) }
}

function readEdges(bytes: Buffer, from: number, end: number): Map<number, number> {
  const edges = new Map<number, number>()
  for (let at = from; at < end; at += EDGE_BYTES)
    edges.set(bytes.readUInt32BE(at), bytes.readDoubleLE(at + NUMBER_BYTES))
  return edges
}

function packWeight(weight: number): Buffer {
  const bytes = Buffer.allocUnsafe(EDGE_BYTES - NUMBER_BYTES)
  bytes.writeDoubleLE(weight)
  return bytes
}

function packNumber(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  bytes.writeUInt32BE(number)
  return bytes
}

function packEdges(edges: readonly NewEdge[]): Buffer {
  const bytes = Buffer.allocUnsafe(NEW_EDGE_BYTES * edges.length)
  for (const [at, { other, weight, version }] of edges.entries()) {
    bytes.writeUInt32BE(other, NEW_EDGE_BYTES * at)
    bytes.writeDoubleLE(weight, NEW_EDGE_BYTES * at + NUMBER_BYTES)
    packVersion(version).copy(bytes, NEW_EDGE_BYTES * at + EDGE_BYTES)
  }
  return bytes
}

function packPersons(components: readonly ReadonlyMap<number, number>[]): Buffer {
  const bytes = Buffer.allocUnsafe(PERSON_BYTES * components.reduce((sum, { size }) => sum + size, 0))
  let at = 0
  for (const persons of components)
    for (const [number, person] of persons) {
      bytes.writeUInt32BE(number, at)
      bytes.writeUInt32BE(person, at + NUMBER_BYTES)
      at += PERSON_BYTES
    }
  return bytes
}
