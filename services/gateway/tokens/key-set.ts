/** The public keys of a token issuer (JWK set, RFC 7517, 5): which of them can verify a token. Pure. */
import type { JWK } from 'jose'
import { isObject } from '#core/schema/variants.ts'

/** Asymmetric ones only. Not `none`; and not HS256, which would take the public key, that everybody has, for a secret. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

const MAX_KEYS = 100
const MIN_RSA_BYTES = 256
/** Members of private and symmetric keys (RFC 7518, 6.2.2, 6.3.2, 6.4). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

export type KeySet = readonly JWK[]

/**
 * @param given what the issuer publishes
 * @returns its keys; or the problem, which has no value of a key
 */
export function readKeySet(given: unknown): KeySet | { readonly problem: string } {
  const keys = isObject(given) ? given.keys : undefined
  if (!Array.isArray(keys) || !keys.every(isObject)) return { problem: 'it is no JWK set' }
  if (keys.length > MAX_KEYS) return { problem: `it has more than ${MAX_KEYS} keys` }
  if (keys.some((key) => PRIVATE.some((member) => member in key)))
    return { problem: 'it has private or symmetric keys: publish public ones only' }
  const usable = (keys as JWK[]).filter(
    (key) => typeof key.kid === 'string' && ALGORITHMS.some((one) => fits(key, one)),
  )
  if (usable.length === 0) return { problem: `it has no key with a kid for ${ALGORITHMS.join(', ')}` }
  return usable
}

/** @returns the key of that name for that algorithm; undefined when there is none, or more than one */
export function keyOf(keys: KeySet, kid: string, algorithm: Algorithm): JWK | undefined {
  const [key, other] = keys.filter((one) => one.kid === kid && fits(one, algorithm))
  return other === undefined ? key : undefined
}

function fits(key: JWK, algorithm: Algorithm): boolean {
  const { alg = algorithm, use = 'sig', key_ops: operations = ['verify'] } = key
  return alg === algorithm && use === 'sig' && operations.includes('verify') && isOfKind(key, algorithm)
}

function isOfKind({ kty, crv, n }: JWK, algorithm: Algorithm): boolean {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return kty === 'RSA' && typeof n === 'string' && Buffer.from(n, 'base64url').length >= MIN_RSA_BYTES
    case 'ES256':
      return kty === 'EC' && crv === 'P-256'
    case 'EdDSA':
      return kty === 'OKP' && crv === 'Ed25519'
  }
}
