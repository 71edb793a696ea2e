/** Opens the installation's index to read it, with the settings and the key of the linker, beside the linker that writes it. */
import type { Redis } from 'ioredis'
import { type Config, secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Frequencies } from '#core/linkage/frequencies.ts'
import type { Layout } from '#core/linkage/layout.ts'
import type { Model } from '#core/linkage/model.ts'
import type { TokenKind } from '#core/linkage/tokens.ts'
import { REDIS_KEYS } from '#core/redis/client.ts'
import { codec, readHead, readTokens } from '../index/codec.ts'
import { indexForm, linkageForm } from '../index/index-form.ts'
import { type IndexReader, indexReader } from '../index/index-reader.ts'
import { heldIndexSecret, heldIndexVersions, indexName } from '../index/index-secret.ts'
import { type IndexKeys, indexKeys } from '../index/keys.ts'
import { isWhole } from '../index/stored-index.ts'
import { openDecision } from '../link/decision-seal.ts'
import type { PairDecision } from '../link/decisions.ts'
import type { OpenedRecord } from '../link/opened-records.ts'
import { openFrequencies } from '../link/sealed-frequencies.ts'

export const INSPECT_KEYS = [
  ...REDIS_KEYS,
  ...PROVIDER_KEYS,
  'CHAINON_NAMESPACE',
  'CHAINON_DATA_DIR',
  'CHAINON_SECRETS_DIR',
  'CHAINON_FEEDS_DIR',
  'CHAINON_LINKAGE_INDEX',
  'CHAINON_LINKAGE_MODEL',
] as const

/** A record that is not cancelled. */
export interface ReadRecord extends OpenedRecord {
  /** 8 bytes each, of the kinds that the record has, in their order. */
  readonly tokens: readonly Buffer[]
}

export interface OpenIndex {
  readonly reader: IndexReader
  readonly keys: Pick<IndexKeys, 'id' | 'tokens'>
  /** Of the keys of index and encodings. */
  readonly version: number
  readonly model: Model
  /** That the linker weighs by. */
  readonly frequencies: Frequencies
  readonly layout: Layout
  readonly kinds: readonly TokenKind[]
  /** @returns those of the records that are not cancelled @throws ChainonError seal-broken */
  open(numbers: readonly number[]): Promise<ReadonlyMap<number, ReadRecord>>
  /** @returns what operators have decided, withdrawn decisions included @throws ChainonError seal-broken */
  decisions(): Promise<readonly PairDecision[]>
}

/** @throws ConfigurationError when there is no index, no key of it, or it is of another form */
export async function openForReading(redis: Redis, config: Config<(typeof INSPECT_KEYS)[number]>): Promise<OpenIndex> {
  const { layout, kinds, form, model } = linkageForm(config, loadContracts(config.CHAINON_FEEDS_DIR))
  const folder = secretsDir('linker', config)
  const version = await latestWhole(redis, config, heldIndexVersions(folder))
  if (version === undefined)
    throw new ConfigurationError('The linkage index cannot be read', [
      'linkage-index.key is not in the secrets of the linker: this runs where the linker runs',
    ])
  const keys = indexKeys(await heldIndexSecret(folder, config, version))
  const name = indexName(config, version)
  return readThrough(await indexReader(redis, name, indexForm({ form, model, keys, kinds: kinds.length })), {
    keys,
    version,
    model,
    layout,
    kinds,
  })
}

/** While the index moves to another key, the former one has all until the other is whole. @returns undefined where no key is here */
async function latestWhole(
  redis: Redis,
  config: Config<'CHAINON_NAMESPACE' | 'CHAINON_LINKAGE_INDEX'>,
  versions: readonly number[],
): Promise<number | undefined> {
  for (const version of versions) if (await isWhole(redis, indexName(config, version))) return version
  return versions.at(-1)
}

/** @returns the index with its records opened */
export function readThrough(
  reader: IndexReader,
  of: Omit<OpenIndex, 'reader' | 'open' | 'decisions' | 'frequencies' | 'keys'> & {
    readonly keys: Pick<IndexKeys, 'id' | 'open' | 'tokens'>
  },
): OpenIndex {
  const stored = codec(of.layout)
  return {
    reader,
    ...of,
    frequencies: openFrequencies(of.keys, reader.frequencies).frequencies,
    decisions: async () => (await reader.decisions()).map((sealed) => openDecision(of.keys, sealed)),
    async open(numbers) {
      const opened = new Map<number, ReadRecord>()
      for (const [number, bytes] of await reader.records(numbers)) {
        const head = readHead(bytes)
        if (head.isCancelled) continue
        const { id, label, pair, filters, newborn } = stored.unpack(of.keys.open(bytes, head.bytes))
        opened.set(number, {
          id,
          label,
          pair,
          filters,
          newborn,
          version: head,
          source: head.source,
          tokens: readTokens(bytes),
        })
      }
      return opened
    },
  }
}
