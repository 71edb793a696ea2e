/**
 * Linkage tokens under a second secret: where first-level pseudonyms are wrapped, the key of a box of tokens is made of its data key, which the key of `curate` opens, and
 * of the key of the wrap (HKDF, RFC 5869: as long as one of the two is secret, so is what they give). Who has the keys that make and open tokens needs this one, too.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { ChainonError } from '../faults/errors.ts'
import { deriveKey } from './hmac.ts'

export interface TokenWrap {
  /** The version in force; 1 before the first rotation, when the data key alone is the key of a box. */
  readonly version: number
  /**
   * @param dataKey 32 bytes
   * @param version of the wrap
   * @returns the key of the boxes under the data key
   * @throws ChainonError key-rotation when this process does not have the version
   */
  readonly boxKey: (dataKey: Buffer, version: number) => KeyObject
}

/** So that the same file wraps pseudonyms and tokens, and neither says anything of the other. */
const PURPOSE = 'chainon/token-wrap/1'
const KEY_BYTES = 32

/** @param keys of the wrap by version from 2 on, 32 bytes each */
export function tokenWrap(version: number, keys: ReadonlyMap<number, Buffer>): TokenWrap {
  const salts = new Map([...keys].map(([one, key]) => [one, deriveKey(key, PURPOSE)]))
  if (version > 1 && !salts.has(version)) throw new ChainonError('bug', 'the key in force is not among the keys')
  return {
    version,
    boxKey(dataKey, of) {
      if (of === 1) return createSecretKey(dataKey)
      const salt = salts.get(of)
      if (!salt)
        throw new ChainonError(
          'key-rotation',
          `linkage tokens are wrapped under version ${of}, and this process has ${[1, ...salts.keys()].join(', ')}: it starts again when another version is in force`,
        )
      return createSecretKey(Buffer.from(hkdfSync('sha256', dataKey, salt, PURPOSE, KEY_BYTES)))
    },
  }
}

/** Before the first rotation: it has no key. */
export const TOKENS_NOT_WRAPPED: TokenWrap = tokenWrap(1, new Map())
