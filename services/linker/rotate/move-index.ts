/**
 * Makes the index anew under other keys, beside the former one, and proves that both say the same. The former one is only read. A run that was killed begins anew: until
 * the end nobody can open what it wrote.
 */
import type { Redis } from 'ioredis'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { EncodingWrap } from '#core/linkage/encoding-wrap.ts'
import type { Layout } from '#core/linkage/layout.ts'
import { codec } from '../index/codec.ts'
import { commandsOf } from '../index/commands.ts'
import { fencedWriter } from '../index/fenced-writer.ts'
import type { IndexKeys } from '../index/keys.ts'
import { prefixOf } from '../index/stored-bytes.ts'
import { assertForm, FORMAT, type IndexForm, RESTORING, removeKeys, uncheckedIndex } from '../index/stored-index.ts'
import { pieceOf, RECORDS_AT_ONCE, restOf } from '../snapshot/take-snapshot.ts'
import { contentOf, type IndexContent } from './content.ts'
import { movedWrites } from './moved.ts'
import { movedFrequencies } from './moved-frequencies.ts'

/** An index in Redis, and its keys. */
export interface IndexPlace {
  readonly name: string
  readonly keys: IndexKeys
  readonly form: IndexForm
}

export interface MoveOptions {
  readonly redis: Redis
  readonly from: IndexPlace
  readonly to: IndexPlace
  readonly layout: Layout
  readonly wrap: EncodingWrap
  readonly onProgress: (step: 'copying' | 'reading the former index' | 'reading the new index', share: number) => void
  /** Runs when all is written and compared, and before somebody can open it. */
  readonly beforeUse: () => Promise<void>
}

/** The writes that a move begins with: of what was there under the name nothing is left. */
const OWN_KEYS = new Set(['m', 'w'])

/**
 * @returns what both indexes say
 * @throws ConfigurationError when the former index is not there, is not whole, or was made otherwise, or both differ; ChainonError link-index-taken
 * when a linker has taken the former one meanwhile, seal-broken when a record of it was changed
 */
export async function moveIndex(options: MoveOptions): Promise<IndexContent> {
  const { redis, from, to, layout, wrap, onProgress, beforeUse } = options
  await assertForm(redis, from.name, from.form)
  const former = fencedWriter(redis, from.name)
  // A linker that still has it open is refused from here on.
  await former.claim()
  const writer = fencedWriter(redis, to.name)
  const formKey = `${prefixOf(to.name)}m`
  await redis.set(formKey, JSON.stringify({ [RESTORING]: from.name }))
  await writer.claim()
  await removeKeys(redis, to.name, (key) => !OWN_KEYS.has(key))
  await writer.claim()

  const records = codec(layout)
  const commands = commandsOf(to.name)
  const [source, target] = [uncheckedIndex(redis, from.name), uncheckedIndex(redis, to.name)]
  const frequencies = movedFrequencies(await source.frequencies(), { from: from.keys, to: to.keys, layout })
  const move = { from: from.keys, to: to.keys, codec: records, wrap, frequencies }
  const size = await source.size()
  for (let at = 0; at < size; at += RECORDS_AT_ONCE) {
    const end = Math.min(size, at + RECORDS_AT_ONCE)
    await writer.write(commands(movedWrites(await pieceOf(source, size, at, end), move)))
    onProgress('copying', end / size)
  }
  await writer.write(commands(movedWrites(await restOf(source), move)))

  const read = (stored: typeof source, { keys }: IndexPlace, step: Parameters<typeof onProgress>[0]) =>
    contentOf({ stored, keys, codec: records, layout }, (done, of) => onProgress(step, done / of))
  const before = await read(source, from, 'reading the former index')
  const after = await read(target, to, 'reading the new index')
  const differing = (Object.keys(before) as (keyof IndexContent)[]).filter((what) => before[what] !== after[what])
  if (differing.length > 0)
    throw new ConfigurationError('The index is not moved', [
      `what was written differs from the former index (${differing.join(', ')}), which is as it was: run it again`,
    ])
  await beforeUse()
  // Fails when somebody has taken the former index since it was claimed.
  await former.write([])
  await writer.write([['SET', formKey, JSON.stringify({ ...to.form, format: FORMAT })]])
  return after
}
