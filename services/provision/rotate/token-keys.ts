/** What the rotation needs to open the linkage tokens of the kept log: the secrets of `curate`, which this host has for the time of the command. Pure. */
import { sealingKey, TOKENS } from '#core/custody/sealing-versions.ts'
import type { PublishedKey } from '#core/custody/token-chain.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { keyIdOf } from '#core/sealing/hpke.ts'
import type { Stored } from './stored.ts'

export interface HeldTokenKeys {
  /** From the first version on; none before `curate` has started for the first time. */
  readonly published: readonly PublishedKey[]
  /** By version; of those that are here. */
  readonly seeds: ReadonlyMap<number, Buffer>
  /** Where they are looked for. */
  readonly folder: string
}

/** How many messages have tokens that are sealed for a key. */
export interface TokenCount {
  readonly key: string
  /** Version of the wrap; 1 for none. */
  readonly wrap: number
  readonly messages: number
}

export function tokenCounts({ published }: HeldTokenKeys, tokens: Stored['tokens']): readonly TokenCount[] {
  return tokens
    .map(({ keyId, wrap, messages }) => ({ key: nameOf(published, keyId), wrap, messages }))
    .toSorted((a, b) => (a.key === b.key ? a.wrap - b.wrap : a.key < b.key ? -1 : 1))
}

/** @returns names of the keys that are needed and are not here: that in force, and those for which tokens are sealed */
export function missingKeys({ published, seeds }: HeldTokenKeys, tokens: Stored['tokens']): readonly string[] {
  const known = new Map(published.map((one) => [keyIdOf(one.publicKey), one]))
  const last = published.at(-1)
  const needed = new Set([...(last ? [keyIdOf(last.publicKey)] : []), ...tokens.map(({ keyId }) => keyId)])
  return [...needed]
    .filter((keyId) => {
      const one = known.get(keyId)
      // What names a retired key opens nowhere, and stays as it is.
      return !one || (!one.retired && !seeds.has(one.version))
    })
    .map((keyId) => nameOf(published, keyId))
    .toSorted()
}

/** @throws ConfigurationError when tokens cannot be opened here */
export function assertOpensTokens(held: HeldTokenKeys, tokens: Stored['tokens']): void {
  const missing = missingKeys(held, tokens)
  if (missing.length === 0) return
  throw new ConfigurationError('The linkage tokens of the log cannot be sealed again', [
    `${missing.join(', ')} is not in ${held.folder} (CHAINON_TOKEN_SECRETS_DIR): run this where curate runs, or put copies there, and remove them when it has ended`,
  ])
}

function nameOf(published: readonly PublishedKey[], keyId: string): string {
  const found = published.find(({ publicKey }) => keyIdOf(publicKey) === keyId)
  return found ? sealingKey(TOKENS, found.version) : `a key that is not published (${keyId})`
}
