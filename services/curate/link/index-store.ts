/**
 * The linkage indexes in Redis. One is current; while links are rebuilt another one is made beside it, under a prefix of its own.
 * `<ns>{link}:current` and `<ns>{link}:building` name them. All keys share one hash tag: on a cluster they are on one node.
 *   <ns>{link}:i:<id>:state   format, mode, seq (the last link version), p:<partition> (its last origin that was linked), generation, and
 *                             while it is built: model, l:<topic>:<partition> (the next log offset), done and total (messages)
 *   ...:n:<node> t:<token> r:<record> o:<partition>   see link.lua
 */
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { ChainonError } from '#core/faults/errors.ts'

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

/** Of what link.lua keeps: an index of another one is stale, and made again from the log. */
export const INDEX_FORMAT = '2'

const script = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')
export const GUARDED_SCRIPTS = {
  link: `${script('guard')}${script('link')}`,
  mark: `${script('guard')}${script('mark')}`,
} as const

/** Only the holder of the rebuild's lock: one that was suspended may wake up beside the index of a later rebuild. */
const held = (action: string) => `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('LOST lock') end
${action}`
/** A name without its index counts as none. */
const CREATE = `
local known = redis.call('GET', KEYS[2])
if known and redis.call('EXISTS', ARGV[7] .. known .. ':state') == 1 then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], 'mode', ARGV[3], 'generation', ARGV[4], 'seq', ARGV[5], 'model', ARGV[6], 'format', '${INDEX_FORMAT}')
return 1`
const BEGIN = held(CREATE)
const RETIRE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'mode', 'stale')
return 1`
const RETIRE_CURRENT = held(`
local id = redis.call('GET', KEYS[2])
if id and redis.call('EXISTS', ARGV[2] .. id .. ':state') == 1 then redis.call('HSET', ARGV[2] .. id .. ':state', 'mode', 'stale') end`)
const REMOVE = held(`for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end`)
/** Positions that lack nothing: what follows them up to here was lost before it was ever linked, or is linked already. */
const LIFT = `
if redis.call('HGET', KEYS[1], 'mode') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  local field = 'p:' .. ARGV[i]
  if tonumber(redis.call('HGET', KEYS[1], field) or '-1') < tonumber(ARGV[i + 1]) then redis.call('HSET', KEYS[1], field, ARGV[i + 1]) end
end
return 1`
const SWITCH = held(`
if redis.call('GET', KEYS[3]) ~= ARGV[2] or redis.call('HGET', KEYS[4], 'mode') ~= 'building' then return 0 end
redis.call('HSET', KEYS[4], 'mode', 'live')
redis.call('SET', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
return 1`)

export interface NewIndex {
  readonly id: string
  readonly generation: number
  /** What the links depend on; an index that was built in another way is not gone on with. */
  readonly model: string
}

/** The value of the rebuild's lock, which no other rebuild has. */
export interface Holder {
  readonly holder: string
}

export interface IndexStore {
  readonly redis: Redis
  prefix(id: string): string
  /** @returns the current index, or the one that is built; undefined when there is none */
  read(which: 'current' | 'building'): Promise<IndexState | undefined>
  /** Makes the first index of an installation. @returns false when there is one already */
  create(index: NewIndex): Promise<boolean>
  /**
   * Makes an index that is built beside the current one.
   * @returns false when there is one already
   * @throws ChainonError link-rebuild-refused when the lock of the rebuild is not held any more
   */
  begin(index: NewIndex, lock: Holder): Promise<boolean>
  /** Nothing is linked on it any more. */
  retire(id: string): Promise<void>
  /**
   * Nothing is linked on the current index any more, if there is one.
   * @throws ChainonError link-rebuild-refused when the lock of the rebuild is not held any more
   */
  retireCurrent(lock: Holder): Promise<void>
  /** Raises positions, in the index of that mode. */
  lift(id: string, mode: Mode, positions: ReadonlyMap<string, bigint>): Promise<boolean>
  /**
   * The index that was built becomes the current one.
   * @returns false when it is not there any more
   * @throws ChainonError link-rebuild-refused when the lock of the rebuild is not held any more
   */
  switchTo(id: string, lock: Holder): Promise<boolean>
  /** Makes an index without a name, for a trial. */
  createTrial(id: string, generation: number): Promise<void>
  /**
   * An index that is built no longer has a name; it is removed with the others.
   * @throws ChainonError link-rebuild-refused when the lock of the rebuild is not held any more
   */
  remove(id: string, lock: Holder): Promise<void>
  /**
   * Removes every index of which the id is chosen.
   * @throws ChainonError link-rebuild-refused when the lock of the rebuild is not held any more
   */
  removeWhere(chosen: (id: string) => boolean, lock: Holder): Promise<void>
  readonly lockKey: string
}

export function indexStore(redis: Redis, namespace: string): IndexStore {
  const root = `${namespace}{link}:`
  const prefix = (id: string) => `${root}i:${id}:`
  const stateKey = (id: string) => `${prefix(id)}state`
  const lockKey = `${root}rebuild`
  const created = ({ id, generation, model }: NewIndex, mode: Mode) => [
    id,
    mode,
    generation.toString(),
    firstVersion(generation).toString(),
    model,
    `${root}i:`,
  ]
  const asHolder = async (action: string, lock: Holder, keys: readonly string[], ...args: readonly string[]) => {
    try {
      return await redis.eval(action, keys.length + 1, lockKey, ...keys, lock.holder, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('LOST lock'))) throw error
      throw new ChainonError('link-rebuild-refused', 'the lock of the rebuild was lost')
    }
  }
  return {
    redis,
    prefix,
    lockKey,
    async read(which) {
      const id = await redis.get(`${root}${which}`)
      if (id === null) return undefined
      const fields = await redis.hgetall(stateKey(id))
      // The name without its state: the index was removed by something else than Chainon.
      return fields.mode === undefined ? undefined : stateOf(id, fields)
    },
    async create(index) {
      const keys = [lockKey, `${root}current`, stateKey(index.id)]
      return (await redis.eval(CREATE, keys.length, ...keys, '', ...created(index, 'live'))) === 1
    },
    async begin(index, lock) {
      const keys = [`${root}building`, stateKey(index.id)]
      return (await asHolder(BEGIN, lock, keys, ...created(index, 'building'))) === 1
    },
    async createTrial(id, generation) {
      await redis.hset(stateKey(id), {
        mode: 'building',
        generation,
        seq: firstVersion(generation),
        format: INDEX_FORMAT,
      })
    },
    async retire(id) {
      await redis.eval(RETIRE, 1, stateKey(id))
    },
    async retireCurrent(lock) {
      await asHolder(RETIRE_CURRENT, lock, [`${root}current`], `${root}i:`)
    },
    async remove(id, lock) {
      await asHolder(REMOVE, lock, [stateKey(id), `${root}building`])
    },
    async lift(id, mode, positions) {
      const flat = [...positions].flatMap(([partition, origin]) => [partition, origin.toString()])
      return (await redis.eval(LIFT, 1, stateKey(id), mode, ...flat)) === 1
    },
    async switchTo(id, lock) {
      return (await asHolder(SWITCH, lock, [`${root}current`, `${root}building`, stateKey(id)], id)) === 1
    },
    async removeWhere(chosen, lock) {
      const start = `${root}i:`.length
      for await (const keys of scan(redis, `${root}i:*`)) {
        const removed = keys.filter((key) => chosen(key.slice(start, key.indexOf(':', start))))
        if (removed.length > 0) await asHolder(REMOVE, lock, removed)
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
