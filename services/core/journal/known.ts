/** What the state folders of the writers say: whom to trust, and how far their chains had come when Kafka last acknowledged. */
import type { KeyObject } from 'node:crypto'
import { ConfigurationError } from '../faults/errors.ts'
import { type Head, publicKeyOf } from './entry.ts'
import { chainFolders } from './folders.ts'
import { openSpool, writerIn } from './spool.ts'

export interface KnownChains {
  readonly writers: ReadonlyMap<string, KeyObject>
  readonly heads: ReadonlyMap<string, Head>
  /** Entries that are not sent yet. */
  readonly unsent: number
}

/**
 * @param folders `<data>/journal` of this host, and copies of those of others
 * @throws ConfigurationError for a folder whose public key is not that of its name
 */
export function knownChains(folders: readonly string[]): KnownChains {
  const writers = new Map<string, KeyObject>()
  const heads = new Map<string, Head>()
  let unsent = 0
  for (const folder of folders.flatMap(chainFolders)) {
    const written = writerIn(folder)
    if (!written) continue
    const key = publicKeyOf(written.name, written.publicKey)
    if (!key || !folder.endsWith(`/${written.name}`))
      throw new ConfigurationError('A writer of the access journal is damaged', [
        `${folder}: its name and its public key do not belong together`,
      ])
    const spool = openSpool(folder)
    writers.set(written.name, key)
    // A copy of a folder may be older than another one.
    const head = spool.sent()
    if (head.sequence > (heads.get(written.name)?.sequence ?? 0)) heads.set(written.name, head)
    unsent += spool.unsent().length
  }
  return { writers, heads, unsent }
}
