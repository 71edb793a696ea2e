/** What a batch has changed, as commands of Redis. They set what is there afterwards: done again in their order, they give the same. */
import { BUCKET, FLAG_KEYS, numberedKeys, packEdges, packNumber, packUntold, prefixOf } from './stored-bytes.ts'
import type { Writes } from './writes.ts'

export type Word = string | Buffer
export type Command = readonly Word[]

/** Lua unpacks fewer than 8,000 words. */
const WORDS_AT_ONCE = 4000

type Fields = [field: Word, value: Word | undefined][]

/** @param name of the index */
export function commandsOf(name: string): (writes: Writes) => readonly Command[] {
  const prefix = prefixOf(name)
  const keys = numberedKeys(name)
  return (writes) => {
    const commands: Command[] = []
    const add = (...command: Word[]) => void commands.push(command)
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
      [...writes.records].flatMap(([number, bytes]) => [keys.record(number), bytes]),
    )
    buckets(writes.edges, keys.edges, (_, edges) => (edges.size === 0 ? undefined : packEdges(edges)))
    buckets(writes.persons, keys.persons, (number, person) => (person === number ? undefined : packNumber(person)))
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
    if (writes.frequencies) add('SET', `${prefix}f`, writes.frequencies)
    if (writes.linkVersion !== undefined) add('SET', `${prefix}l`, writes.linkVersion.toFixed())
    if (writes.records.size > 0) add('SET', `${prefix}n`, String(writes.size))
    return commands
  }
}
