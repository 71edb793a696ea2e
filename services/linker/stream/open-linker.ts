/** Opens the index of the installation. */
import type { Redis } from 'ioredis'
import type { EncodingWraps } from '#core/linkage/encoding-wrap.ts'
import type { Layout } from '#core/linkage/layout.ts'
import type { Model } from '#core/linkage/model.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import { codec } from '../index/codec.ts'
import { indexForm } from '../index/index-form.ts'
import { indexKeys } from '../index/keys.ts'
import { type LinkIndex, openIndex } from '../index/link-index.ts'
import { type IndexLinker, indexLinker } from '../link/index-linker.ts'
import { type Weighing, weighing } from '../link/weighing.ts'

export interface LinkerPlace {
  readonly redis: Redis
  /** Of the index: CHAINON_NAMESPACE and CHAINON_LINKAGE_INDEX. */
  readonly name: string
  /** Of the index, 32 bytes. */
  readonly secret: Buffer
  /** Kinds of tokens of an encoding. */
  readonly kinds: number
  /** Those that it has. */
  readonly encodings: EncodingWraps
  readonly layout: Layout
  /** 8 bytes that name the form of the encodings. */
  readonly form: Buffer
  readonly model: Model
}

export interface OpenLinker {
  readonly index: LinkIndex
  readonly links: IndexLinker
  readonly weighing: Weighing
}

/** @throws ConfigurationError when the index was made in another form, Error of Redis */
export async function openLinker(place: LinkerPlace): Promise<OpenLinker> {
  const { redis, name, secret, kinds, encodings, layout, form, model } = place
  const keys = indexKeys(secret, encodings)
  const index = await openIndex(redis, name, indexForm({ form, model, keys, kinds }), true)
  const [store, records] = [filterStore(layout), codec(layout)]
  const pairs = weighing({ index, keys, codec: records, layout, model, store })
  const links = indexLinker({
    index,
    keys,
    codec: records,
    budget: DEFAULT_LIMITS.budget,
    store,
    weight: pairs.weight,
    onePerSource: false,
    onPair: () => undefined,
  })
  await links.loadDecisions()
  return { index, links, weighing: pairs }
}
