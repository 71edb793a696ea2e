/** Makes second-level tokens from first-level ones, under this zone's secret: `deidentify` alone cannot search the index. */
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'

const FORM = /^t1_([a-z-]+)_([\w-]{22})$/

/** @returns a function from `t1_<kind>_<22 characters>` to `t2_<kind>_<22 characters>`; undefined for anything else */
export function secondLevelTokens(secret: Buffer): (token: string) => string | undefined {
  const mac = hmacSha256(deriveKey(secret, 'chainon/token/2'))
  return function secondLevelToken(token) {
    const kind = FORM.exec(token)?.[1]
    return kind === undefined ? undefined : `t2_${kind}_${mac.digest(token).slice(0, 22)}`
  }
}
