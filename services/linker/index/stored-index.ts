/** The linkage index as Redis has it: writing and reading. Keys: docs/adr/0031. */
import type { Redis } from 'ioredis'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type Command, commandsOf, type Word } from './commands.ts'
import { fencedWriter } from './fenced-writer.ts'
import type { OutboxState, Untold } from './outbox.ts'
import { BUCKET, FLAG_KEYS, numberedKeys, prefixOf, readEdges, readUntold } from './stored-bytes.ts'
import type { Flag, Writes } from './writes.ts'

/** What the bytes of an index depend on; an index that was made otherwise is not gone on with. */
export interface IndexForm {
  readonly layout: string
  readonly key: string
  readonly model: string
  /** Tokens of a record, at most. */
  readonly kinds: number
  readonly hub: number
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
  /** @returns sealed (link/sealed-frequencies.ts); undefined: none were counted */
  frequencies(): Promise<Buffer | undefined>
  position(partition: string): Promise<bigint | undefined>
  /** @returns of each partition that the index has something of, the offset of its next message */
  positions(): Promise<ReadonlyMap<string, bigint>>
  /**
   * All or nothing, after the writes before it.
   * @throws ChainonError link-index-taken when another linker has taken the index over, link-index-behind when Redis has lost a write
   */
  write(writes: Writes): Promise<void>
  /** @param watcher is told of each write before it is sent; undefined: nobody is */
  watch(watcher: ((commands: readonly Command[]) => void) | undefined): void
  remove(): Promise<void>
}

/** Of the bytes: an index of another one is not gone on with. */
export const FORMAT = 4
/** In the place of the form while a snapshot is restored, or the index moves to another key: nobody opens a part of an index. */
export const RESTORING = 'restoring'
const KEYS_AT_ONCE = 1000

/** @throws ConfigurationError when the index was made in another form */
export async function storedIndex(redis: Redis, name: string, given: IndexForm): Promise<StoredIndex> {
  await checkForm(redis, name, { ...given, format: FORMAT })
  return uncheckedIndex(redis, name)
}

/** Of an index that is being written whole, or of which somebody else has checked the form. */
export function uncheckedIndex(redis: Redis, name: string): StoredIndex {
  const prefix = prefixOf(name)
  const keys = numberedKeys(name)
  const commands = commandsOf(name)
  const writer = fencedWriter(redis, name)
  let watcher: ((commands: readonly Command[]) => void) | undefined

  async function fieldsOf(key: Word): Promise<(readonly [field: Buffer, value: Buffer])[]> {
    const words = (await redis.callBuffer('HGETALL', key)) as Buffer[]
    return Array.from({ length: words.length / 2 }, (_, at) => [words[2 * at] as Buffer, words[2 * at + 1] as Buffer])
  }

  return {
    claim: () => writer.claim(),
    size: async () => Number((await redis.get(`${prefix}n`)) ?? 0),
    async records(numbers) {
      const found = new Map<number, Buffer>()
      if (numbers.length === 0) return found
      const replies = await redis.mgetBuffer(numbers.map(keys.record))
      for (const [at, stored] of replies.entries()) if (stored) found.set(numbers[at] as number, stored)
      return found
    },
    async links(from) {
      const bucket = from / BUCKET
      const [edges = [], persons = []] = await Promise.all([keys.edges(bucket), keys.persons(bucket)].map(fieldsOf))
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
    frequencies: async () => (await redis.getBuffer(`${prefix}f`)) ?? undefined,
    async position(partition) {
      const next = await redis.hget(`${prefix}k`, partition)
      return next === null ? undefined : BigInt(next)
    },
    async positions() {
      const fields = await fieldsOf(`${prefix}k`)
      return new Map(fields.map(([partition, next]) => [partition.toString(), BigInt(next.toString())]))
    },
    write(writes) {
      const given = commands(writes)
      watcher?.(given)
      return writer.write(given)
    },
    watch(next) {
      watcher = next
    },
    remove: () => removeKeys(redis, name, () => true),
  }
}

/** @param isGone of a key, without what all keys of the index begin with */
export async function removeKeys(redis: Redis, name: string, isGone: (key: string) => boolean): Promise<void> {
  const prefix = prefixOf(name)
  let cursor = '0'
  do {
    const [next, found] = (await redis.scanBuffer(cursor, 'MATCH', `${prefix}*`, 'COUNT', KEYS_AT_ONCE)) as [
      Buffer,
      Buffer[],
    ]
    cursor = next.toString()
    const gone = found.filter((key) => isGone(key.toString('latin1').slice(prefix.length)))
    if (gone.length > 0) await redis.unlink(...gone)
  } while (cursor !== '0')
}

async function checkForm(redis: Redis, name: string, form: Readonly<Record<string, unknown>>): Promise<void> {
  const key = `${prefixOf(name)}m`
  await redis.set(key, JSON.stringify(form), 'NX')
  const known = JSON.parse((await redis.get(key)) ?? '{}') as Partial<Record<string, unknown>>
  if (known[RESTORING] !== undefined) throw notWhole(name)
  const differing = differences(known, form)
  if (differing.length > 0)
    throw new ConfigurationError(
      `The linkage index ${name} was made otherwise`,
      differing.map((field) => `${field} differs: make another index`),
    )
}

/** @returns whether there is an index that is whole; of which form is not looked at */
export async function isWhole(redis: Pick<Redis, 'get'>, name: string): Promise<boolean> {
  const made = await redis.get(`${prefixOf(name)}m`)
  return made !== null && !(RESTORING in (JSON.parse(made) as object))
}

/** Does not change anything. @throws ConfigurationError when there is no such index, or it was made in another form */
export async function assertForm(redis: Pick<Redis, 'get'>, name: string, form: IndexForm): Promise<void> {
  const text = await redis.get(`${prefixOf(name)}m`)
  if (text === null)
    throw new ConfigurationError(`There is no linkage index ${name}`, [
      'the linker makes it: start it, or name another one (CHAINON_LINKAGE_INDEX)',
    ])
  const known = JSON.parse(text) as Partial<Record<string, unknown>>
  if (known[RESTORING] !== undefined) throw notWhole(name)
  const differing = differences(known, { ...form, format: FORMAT })
  if (differing.length > 0)
    throw new ConfigurationError(
      `The linkage index ${name} was made otherwise`,
      differing.map((field) => `${field} differs: the settings, contracts and the model must be those of the linker`),
    )
}

function differences(known: Readonly<Record<string, unknown>>, form: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(form).filter((field) => known[field] !== form[field])
}

function notWhole(name: string): ConfigurationError {
  return new ConfigurationError(`The linkage index ${name} is not whole`, [
    'it is being restored from a snapshot or moved to another key, or was when that ended: run `chainon link restore`, or `chainon keys rotate-encodings`, again',
  ])
}
