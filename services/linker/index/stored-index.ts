/** The linkage index as Redis has it: keys, one script that writes, and reading. Keys: docs/adr/0031. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { OutboxState, Untold } from './outbox.ts'

/** What the bytes of an index depend on; an index that was made otherwise is not gone on with. */
export interface IndexForm {
  readonly layout: string
  readonly key: string
  readonly model: string
  /** Tokens of a record, at most. */
  readonly kinds: number
  readonly hub: number
}

/** limited: records that met a limit; split: records of a component that was too large. */
export type Flag = 'limited' | 'split'

/** What a batch has changed. */
export interface Writes {
  /** Records that have been there. */
  readonly size: number
  readonly records: ReadonlyMap<number, Buffer>
  /** Of each record its edges to those with lower numbers; empty: none. */
  readonly edges: ReadonlyMap<number, ReadonlyMap<number, number>>
  /** Number of the person's first record. */
  readonly persons: ReadonlyMap<number, number>
  /** What is to be told of records; undefined: nothing more. */
  readonly untold: ReadonlyMap<number, Untold | undefined>
  /** By the number of the first of 256 records: their marks, a bit each. */
  readonly limited: ReadonlyMap<number, Buffer>
  readonly split: ReadonlyMap<number, Buffer>
  /** Sealed, by the two ids (latin1). */
  readonly decisions: ReadonlyMap<string, Buffer>
  readonly linkVersion: number | undefined
  readonly positions: ReadonlyMap<string, bigint>
}

/** What records have, beside their bytes. */
export interface StoredLinks {
  /** Edges to those with lower numbers. */
  readonly edges: ReadonlyMap<number, ReadonlyMap<number, number>>
  /** Where it is not the record itself. */
  readonly persons: ReadonlyMap<number, number>
}

export interface StoredIndex {
  /** Takes the index over from who wrote it before. */
  claim(): Promise<void>
  size(): Promise<number>
  /** @returns the records as they are stored; one that was never there is missing */
  records(numbers: readonly number[]): Promise<ReadonlyMap<number, Buffer>>
  /** @param from number of the first record, a multiple of 256 @returns those of 256 records */
  links(from: number): Promise<StoredLinks>
  outbox(): Promise<OutboxState>
  /** @returns marked records, a bit each */
  marks(kind: Flag): Promise<Buffer>
  /** @returns sealed, by the two ids (latin1) */
  decisions(): Promise<Map<string, Buffer>>
  position(partition: string): Promise<bigint | undefined>
  /**
   * All or nothing, after the writes before it.
   * @throws ChainonError link-index-taken when another linker has taken the index over, link-index-behind when Redis has lost a write
   */
  write(writes: Writes): Promise<void>
  remove(): Promise<void>
}

const WRITE = readFileSync(new URL('./scripts/write.lua', import.meta.url), 'utf8')
/** Of the bytes: an index of another one is not gone on with. */
export const FORMAT = 3
/** Numbers with equal leading bytes share a bucket, which Redis keeps in its compact form. */
export const BUCKET = 256
const FLAG_KEYS: Readonly<Record<Flag, string>> = { limited: 'q', split: 's' }
const NEW = Buffer.from('n')
const NOTED = Buffer.from('1')
const NUMBER_BYTES = 4
const EDGE_BYTES = 12
const KEYS_AT_ONCE = 1000
/** Lua unpacks fewer than 8,000 words. */
const WORDS_AT_ONCE = 4000

type Word = string | Buffer
type Fields = [field: Word, value: Word | undefined][]

/** @throws ConfigurationError when the index was made in another form */
export async function storedIndex(redis: Redis, name: string, given: IndexForm): Promise<StoredIndex> {
  const prefix = `{lx:${name}}`
  await checkForm(redis, name, { ...given, format: FORMAT })
  const writer = randomBytes(8).toString('hex')
  const numbered = (kind: string, bytes: number) => {
    const key = Buffer.from(`${prefix}${kind}${'0'.repeat(bytes)}`, 'latin1')
    return (number: number) => {
      const one = Buffer.from(key)
      one.writeUIntBE(number, one.length - bytes, bytes)
      return one
    }
  }
  const recordKey = numbered('r', NUMBER_BYTES)
  const edgesKey = numbered('e', NUMBER_BYTES - 1)
  const personsKey = numbered('p', NUMBER_BYTES - 1)
  let written = 0

  async function fieldsOf(key: Word): Promise<(readonly [field: Buffer, value: Buffer])[]> {
    const words = (await redis.callBuffer('HGETALL', key)) as Buffer[]
    return Array.from({ length: words.length / 2 }, (_, at) => [words[2 * at] as Buffer, words[2 * at + 1] as Buffer])
  }

  function commands(writes: Writes): Word[] {
    const words: Word[] = []
    const add = (...command: Word[]) => words.push(String(command.length), ...command)
    const inParts = (head: readonly string[], rest: readonly Word[]) => {
      for (let from = 0; from < rest.length; from += WORDS_AT_ONCE)
        add(...head, ...rest.slice(from, from + WORDS_AT_ONCE))
    }
    const hash = (key: Word, fields: Fields) => {
      const set = fields.flatMap(([field, value]) => (value === undefined ? [] : [field, value]))
      const gone = fields.flatMap(([field, value]) => (value === undefined ? [field] : []))
      if (set.length > 0) add('HSET', key, ...set)
      if (gone.length > 0) add('HDEL', key, ...gone)
    }
    const buckets = <T>(
      of: ReadonlyMap<number, T>,
      key: (n: number) => Buffer,
      packed: (n: number, one: T) => Word | undefined,
    ) => {
      for (const [bucket, entries] of Map.groupBy(of, ([number]) => Math.floor(number / BUCKET)))
        hash(
          key(bucket),
          entries.map(([number, one]) => [Buffer.of(number % BUCKET), packed(number, one)]),
        )
    }
    inParts(
      ['MSET'],
      [...writes.records].flatMap(([number, bytes]) => [recordKey(number), bytes]),
    )
    buckets(writes.edges, edgesKey, (_, edges) => (edges.size === 0 ? undefined : packEdges(edges)))
    buckets(writes.persons, personsKey, (number, person) => (person === number ? undefined : packNumber(person)))
    const untold = Array.from(writes.untold, ([number, one]): Fields[number] => [
      packNumber(number),
      one && packUntold(one),
    ])
    for (let from = 0; from < untold.length; from += WORDS_AT_ONCE / 2)
      hash(`${prefix}o`, untold.slice(from, from + WORDS_AT_ONCE / 2))
    for (const kind of ['limited', 'split'] as const)
      for (const [from, bytes] of writes[kind]) add('SETRANGE', `${prefix}${FLAG_KEYS[kind]}`, String(from / 8), bytes)
    inParts(
      ['HSET', `${prefix}x`],
      [...writes.decisions].flatMap(([ids, sealed]) => [Buffer.from(ids, 'latin1'), sealed]),
    )
    for (const [partition, next] of writes.positions) add('HSET', `${prefix}k`, partition, next.toString())
    if (writes.linkVersion !== undefined) add('SET', `${prefix}l`, writes.linkVersion.toFixed())
    if (writes.records.size > 0) add('SET', `${prefix}n`, String(writes.size))
    return words
  }

  return {
    async claim() {
      await redis.set(`${prefix}w`, writer)
      written = Number((await redis.get(`${prefix}v`)) ?? 0)
    },
    size: async () => Number((await redis.get(`${prefix}n`)) ?? 0),
    async records(numbers) {
      const found = new Map<number, Buffer>()
      if (numbers.length === 0) return found
      const replies = await redis.mgetBuffer(numbers.map(recordKey))
      for (const [at, stored] of replies.entries()) if (stored) found.set(numbers[at] as number, stored)
      return found
    },
    async links(from) {
      const bucket = from / BUCKET
      const [edges = [], persons = []] = await Promise.all([edgesKey(bucket), personsKey(bucket)].map(fieldsOf))
      const entries = <T>(fields: readonly (readonly [Buffer, Buffer])[], read: (bytes: Buffer) => T) =>
        new Map(fields.map(([field, value]) => [from + (field[0] as number), read(value)]))
      return { edges: entries(edges, readEdges), persons: entries(persons, (bytes) => bytes.readUInt32BE()) }
    },
    async outbox() {
      const untold = new Map<number, Untold>()
      for (const [number, one] of await fieldsOf(`${prefix}o`)) untold.set(number.readUInt32BE(), readUntold(one))
      return { untold, linkVersion: Number((await redis.get(`${prefix}l`)) ?? 0) }
    },
    marks: async (kind) => (await redis.getBuffer(`${prefix}${FLAG_KEYS[kind]}`)) ?? Buffer.alloc(0),
    async decisions() {
      const fields = await fieldsOf(`${prefix}x`)
      return new Map(fields.map(([ids, sealed]) => [ids.toString('latin1'), sealed]))
    },
    async position(partition) {
      const next = await redis.hget(`${prefix}k`, partition)
      return next === null ? undefined : BigInt(next)
    },
    async write(writes) {
      const before = written++
      try {
        await redis.call('EVAL', WRITE, 1, `${prefix}w`, writer, before, written, ...commands(writes))
      } catch (error) {
        const { message } = error as Error
        if (message.includes('LOST writer'))
          throw new ChainonError('link-index-taken', `another linker has taken the linkage index ${name} over`)
        if (message.includes('LOST writes'))
          throw new ChainonError('link-index-behind', `Redis has lost the last changes of the linkage index ${name}`)
        throw error
      }
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

async function checkForm(redis: Redis, name: string, form: Readonly<Record<string, unknown>>): Promise<void> {
  const key = `{lx:${name}}m`
  await redis.set(key, JSON.stringify(form), 'NX')
  const known = JSON.parse((await redis.get(key)) ?? '{}') as Partial<Record<string, unknown>>
  const differing = Object.keys(form).filter((field) => known[field] !== form[field])
  if (differing.length > 0)
    throw new ConfigurationError(
      `The linkage index ${name} was made otherwise`,
      differing.map((field) => `${field} differs: make another index`),
    )
}

function packNumber(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  bytes.writeUInt32BE(number)
  return bytes
}

/** Four bytes: the person that the record has left. */
function packUntold({ isNew, left }: Untold): Buffer {
  if (isNew) return NEW
  return left === undefined ? NOTED : packNumber(left)
}

function readUntold(bytes: Buffer): Untold {
  return { isNew: bytes.equals(NEW), left: bytes.length === NUMBER_BYTES ? bytes.readUInt32BE() : undefined }
}

/** Twelve bytes each: number, weight as f64 LE. */
function packEdges(edges: ReadonlyMap<number, number>): Buffer {
  const bytes = Buffer.allocUnsafe(EDGE_BYTES * edges.size)
  let at = 0
  for (const [other, weight] of edges) {
    bytes.writeUInt32BE(other, at)
    bytes.writeDoubleLE(weight, at + NUMBER_BYTES)
    at += EDGE_BYTES
  }
  return bytes
}

function readEdges(bytes: Buffer): ReadonlyMap<number, number> {
  const edges = new Map<number, number>()
  for (let at = 0; at < bytes.length; at += EDGE_BYTES)
    edges.set(bytes.readUInt32BE(at), bytes.readDoubleLE(at + NUMBER_BYTES))
  return edges
}
