/** The index in Redis for records of a data set, with the linker of production. */
import { createHash, randomBytes } from 'node:crypto'
import type { Frequencies } from '#core/linkage/frequencies.ts'
import type { Layout } from '#core/linkage/layout.ts'
import type { Model } from '#core/linkage/model.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import type { Limits } from '#core/linkage/token-index.ts'
import { codec } from '../index/codec.ts'
import { indexKeys } from '../index/keys.ts'
import { type LinkIndex, openIndex } from '../index/link-index.ts'
import { type IndexLinker, indexLinker } from '../link/index-linker.ts'
import type { LinkerOptions } from '../link/linker.ts'
import type { RedisStore } from './run.ts'

export interface StoreOptions extends Pick<LinkerOptions, 'onePerSource' | 'onPair'> {
  readonly layout: Layout
  readonly kinds: readonly unknown[]
  readonly model: Model
  readonly frequencies: Frequencies
  readonly limits: Limits
  /** @returns an index whose calls are counted; by default itself */
  readonly watch?: (index: LinkIndex) => LinkIndex
}

/** @throws ConfigurationError when the index was made for other traits, another model, key or limit */
export async function openStore(
  { redis, secret, name }: Pick<RedisStore, 'redis' | 'secret' | 'name'>,
  { layout, kinds, model, frequencies, limits, onePerSource, onPair, watch = (index) => index }: StoreOptions,
): Promise<{ readonly index: LinkIndex; readonly links: IndexLinker }> {
  const keys = indexKeys(secret)
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
  const index = await openIndex(redis, name ?? randomBytes(6).toString('hex'), {
    layout: digest(layout),
    key: keys.fingerprint,
    model: digest(model),
    kinds: kinds.length,
    hub: limits.hub,
  })
  const store = filterStore(layout)
  const { weight } = scorer(model, frequencies, store, layout)
  const links = indexLinker({
    ...{ index: watch(index), keys, store, weight, onePerSource, onPair },
    codec: codec(layout),
    budget: limits.budget,
  })
  return { index, links }
}
