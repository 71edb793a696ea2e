/**
 * Linkage tokens of the kept log under other keys. Two secrets are needed for it, that of `curate` and that of the wrap; both open here, in memory: nothing of it is
 * printed, logged or stored.
 */
import type { TokenWrap } from '#core/crypto/token-wrap.ts'
import type { PublishedKey } from '#core/custody/token-chain.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { keyIdOf } from '#core/sealing/hpke.ts'
import {
  type SealTokens,
  sealedUnder,
  type TokenOpener,
  type TokenPlace,
  tokenOpener,
  tokenSealer,
} from '#core/sealing/tokens.ts'

/** The places are those of the records as they were made: their pseudonyms are not wrapped. */
export interface TokenChange {
  /** Unwraps data keys; call before the others. @throws ChainonError key-rotation-refused when tokens are sealed for a key that is not here */
  prepare(sealed: readonly Buffer[]): Promise<void>
  /** @returns the same tokens, sealed under the keys in force; as they are when nothing opens them: a stranger has written them */
  again(sealed: Buffer, place: TokenPlace): Buffer
  /** @returns bytes that are the same for the same tokens, under whatever keys; of what nothing opens for the same bytes alone */
  opened(sealed: Buffer, place: TokenPlace): Buffer
  /** @returns whether they are sealed under the keys in force or under others; closed when nothing opens them */
  state(sealed: Buffer, place: TokenPlace): 'in force' | 'former' | 'closed'
}

/**
 * @param published the public keys for tokens, from the first version on
 * @param seeds of these that are here, among them the one in force
 */
export async function tokenChange(
  wrap: TokenWrap,
  published: readonly PublishedKey[],
  seeds: ReadonlyMap<number, Buffer>,
): Promise<TokenChange> {
  const retired = published.filter((one) => one.retired).map(({ publicKey }) => keyIdOf(publicKey))
  const opener = await tokenOpener([...seeds.values()], { wrap, retired })
  const inForce = published.at(-1)
  const seal = inForce ? await tokenSealer(inForce.publicKey, wrap) : undefined
  return changeOf(opener, seal, { keyId: inForce ? keyIdOf(inForce.publicKey) : '', wrap: wrap.version })
}

function changeOf(
  opener: TokenOpener,
  seal: SealTokens | undefined,
  inForce: { readonly keyId: string; readonly wrap: number },
): TokenChange {
  return {
    async prepare(sealed) {
      try {
        await opener.prepare(sealed)
      } catch (error) {
        if (!(error instanceof ChainonError) || error.code !== 'sealing-key-unknown') throw error
        throw new ChainonError('key-rotation-refused', `The log is not written anew: ${error.message}`)
      }
    },
    again(sealed, place) {
      const tokens = opener.open(sealed, place)
      return tokens && seal ? seal(tokens, place) : sealed
    },
    opened(sealed, place) {
      const tokens = opener.open(sealed, place)
      return tokens ? Buffer.from(`opened\n${tokens.join('\n')}`) : Buffer.concat([Buffer.from('closed\n'), sealed])
    },
    state(sealed, place) {
      if (opener.open(sealed, place) === undefined) return 'closed'
      const under = sealedUnder(sealed)
      return under?.keyId === inForce.keyId && under.wrap === inForce.wrap ? 'in force' : 'former'
    },
  }
}
