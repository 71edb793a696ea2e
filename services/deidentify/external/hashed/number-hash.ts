/** The hash that the third party has made, of the number of a record. */
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { canonicalNumber, type HashForm, TEST_NUMBER, writtenHash } from '#core/linkage/hashed.ts'
import type { Identity } from '../../linkage/identity.ts'

/**
 * The number counts where it counts for the linkage tokens: a doubtful identity has none, and an INS whose status does not say that it holds is none.
 *
 * @param secret at least 32 bytes
 * @returns a function from an identity to 43 characters of base64url; undefined without a number that counts
 */
export function numberHash(form: HashForm, secret: Buffer): (identity: Identity) => string | undefined {
  const mac = hmacSha256(secret)
  return function hashOf({ doubtful, ins, number }) {
    const counted = doubtful ? '' : form.identifier === 'ins' ? ins : number
    return counted === '' ? undefined : mac.digest(canonicalNumber(form, counted))
  }
}

/** @returns the hash of TEST_NUMBER as the third party has to have it: it tells whether both have the same secret and the same form */
export function testHash(form: HashForm, secret: Buffer): string {
  return writtenHash(form, hmacSha256(secret).digest(canonicalNumber(form, TEST_NUMBER)))
}
