/**
 * The linkage indexes in Redis. One is current; while links are rebuilt another one is made beside it, under a prefix of its own.
 * `<ns>{link}:current` and `<ns>{link}:building` name them. All keys share one hash tag: on a cluster they are on one node.
 *   <ns>{link}:i:<id>:state   mode, seq (the last link version), p:<partition> (its last origin that was linked), generation, and
 *                             while it is built: model, l:<topic>:<partition> (the next log offset), done and total (messages)
 *   ...:n:<node> t:<token> r:<record> o:<partition>   see link.lua
 */
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

export type Mode = 'live' | 'building' | 'stale'

/** The part of an index that tells which one it is and how far it has come. */
export interface IndexState {
  readonly id: string
  readonly mode: Mode
  /** The last link version that it has given. */
  readonly sequence: number
  readonly generation: number
  /** The last origin that was linked, by partition. */
  readonly positions: ReadonlyMap<string, bigint>
  /** The other fields, of an index that is built. */
  readonly fields: Readonly<Record<string, string>>
}

/** Link versions of a later generation are higher than all of an earlier one; both fit into 53 bits. */
const VERSIONS_PER_GENERATION = 2 ** 40

/** @returns one before the first link version of a generation */
export function firstVersion(generation: number): number {
  return generation * VERSIONS_PER_GENERATION
}

const script = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')
export const GUARDED_SCRIPTS = {
  link: `${script('guard')}${script('link')}`,
  mark: `${script('guard')}${script('mark')}`,
} as const

/** A name without its index counts as none. */
const CREATE = `
local known = redis.call('GET', KEYS[1])
if known and redis.call('EXISTS', ARGV[6] .. known .. ':state') == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], 'mode', ARGV[2], 'generation', ARGV[3], 'seq', ARGV[4], 'model', ARGV[5])
return 1`
const RETIRE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'mode', 'stale')
return 1`
/** Positions that lack nothing: what follows them up to here was lost before it was ever linked, or is linked already. */
const LIFT = `
if redis.call('HGET', KEYS[1], 'mode') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  local field = 'p:' .. ARGV[i]
  if tonumber(redis.call('HGET', KEYS[1], field) or '-1') < tonumber(ARGV[i + 1]) then redis.call('HSET', KEYS[1], field, ARGV[i + 1]) end
end
return 1`
const SWITCH = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('HGET', KEYS[3], 'mode') ~= 'building' then return 0 end
redis.call('HSET', KEYS[3], 'mode', 'live')
redis.call('SET', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return 1`

export interface IndexStore {
  readonly redis: Redis
  prefix(id: string): string
  /** @returns the current index, or the one that is built; undefined when there is none */
  read(which: 'current' | 'building'): Promise<IndexState | undefined>
  /** @returns false when there is one already */
  create(
    which: 'current' | 'building',
    index: { readonly id: string; readonly generation: number; readonly model: string },
  ): Promise<boolean>
  /** Nothing is linked on it any more. */
  retire(id: string): Promise<void>
  /** Raises positions, in the index of that mode. */
  lift(id: string, mode: Mode, positions: ReadonlyMap<string, bigint>): Promise<boolean>
  /** The index that was built becomes the current one. @returns false when it is not there any more */
  switchTo(id: string): Promise<boolean>
  /** Makes an index without a name, for a trial. */
  createTrial(id: string, generation: number): Promise<void>
  /** An index that is built no longer has a name; it is removed with the others. */
  remove(id: string): Promise<void>
  /** Removes every index but these. */
  removeOthers(kept: readonly string[]): Promise<void>
  readonly lockKey: string
}

export function indexStore(redis: Redis, namespace: string): IndexStore {
  const root = `${namespace}{link}:`
  const prefix = (id: string) => `${root}i:${id}:`
  const stateKey = (id: string) => `${prefix(id)}state`
  return {
    redis,
    prefix,
    lockKey: `${root}rebuild`,
    async read(which) {
      const id = await redis.get(`${root}${which}`)
      if (id === null) return undefined
      const fields = await redis.hgetall(stateKey(id))
      // The name without its state: the index was removed by something else than Chainon.
      return fields.mode === undefined ? undefined : stateOf(id, fields)
    },
    async create(which, { id, generation, model }) {
      const mode: Mode = which === 'current' ? 'live' : 'building'
      const keys = [`${root}${which}`, stateKey(id)]
      const args = [id, mode, generation, firstVersion(generation), model, `${root}i:`]
      return (await redis.eval(CREATE, 2, ...keys, ...args)) === 1
    },
    async createTrial(id, generation) {
      await redis.hset(stateKey(id), { mode: 'building', generation, seq: firstVersion(generation) })
    },
    async retire(id) {
      await redis.eval(RETIRE, 1, stateKey(id))
    },
    async remove(id) {
      await redis.del(stateKey(id), `${root}building`)
    },
    async lift(id, mode, positions) {
      const flat = [...positions].flatMap(([partition, origin]) => [partition, origin.toString()])
      return (await redis.eval(LIFT, 1, stateKey(id), mode, ...flat)) === 1
    },
    async switchTo(id) {
      return (await redis.eval(SWITCH, 3, `${root}current`, `${root}building`, stateKey(id), id)) === 1
    },
    async removeOthers(kept) {
      const keep = kept.map(prefix)
      for await (const keys of scan(redis, `${root}i:*`)) {
        const removed = keys.filter((key) => !keep.some((own) => key.startsWith(own)))
        if (removed.length > 0) await redis.unlink(...removed)
      }
    },
  }
}

/** Every key of a pattern; a key may come twice. */
export async function* scan(redis: Redis, pattern: string): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000)
    if (keys.length > 0) yield keys
    cursor = next
  } while (cursor !== '0')
}

function stateOf(id: string, fields: Readonly<Record<string, string>>): IndexState {
  const positions = new Map<string, bigint>()
  for (const [name, value] of Object.entries(fields))
    if (name.startsWith('p:')) positions.set(name.slice(2), BigInt(value))
  return {
    id,
    mode: fields.mode as Mode,
    sequence: Number(fields.seq),
    generation: Number(fields.generation),
    positions,
    fields,
  }
}
