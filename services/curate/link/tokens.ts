/** Makes second-level tokens from first-level ones, under this zone's secret: `deidentify` alone cannot search the index. */
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'
import { keyMark } from '#core/crypto/pseudonym.ts'

const FORM = /^t1_([a-z-]+)_([\w-]{22})$/

/**
 * @param version of the secret
 * @returns a function from `t1_<kind>_<22 characters>` to `t2_<kind>_<22 characters>` and the mark of the key; undefined for anything else
 */
export function secondLevelTokens(secret: Buffer, version = 1): (token: string) => string | undefined {
  const mark = keyMark(version)
  const mac = hmacSha256(deriveKey(secret, 'chainon/token/2'))
  return function secondLevelToken(token) {
    const kind = FORM.exec(token)?.[1]
    return kind === undefined ? undefined : `t2_${kind}_${mac.digest(token).slice(0, 22)}${mark}`
  }
}
