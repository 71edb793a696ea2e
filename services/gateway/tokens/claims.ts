/** What the claims of a token give access to (RFC 9068, RFC 7519). Pure: the signature is checked before, in `tokens.ts`. */
import type { JWTPayload } from 'jose'
import { PRODUCER } from '#core/keys/format.ts'
import { SCOPE } from '#core/keys/scopes.ts'
import type { KeyAccess } from '#core/keys/store.ts'
import { subjectId, tokenId } from '#core/keys/token-id.ts'
import { isObject } from '#core/schema/variants.ts'

/** Longest `sub`, `jti` and `cnf` that is read. */
const MAX_CLAIM = 256
/** Of an access token, or none. A log-out token or a proof of possession of the same issuer is signed with the same keys, and is no login. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt']

export type ClaimFailure = 'not-an-access-token' | 'not-yet-valid' | 'too-long-lived' | 'unmapped' | 'not-bound'

export interface ClaimRules {
  /** Claim with the producer's name. */
  readonly producerClaim: string
  /** Longest time from `iat` to `exp`, in seconds. */
  readonly maxSeconds: number
  /** By how much the clocks of issuer and gateway may differ, in seconds. */
  readonly clockSeconds: number
}

export type ReadClaims =
  /** The ids that a revocation of it may name. */
  | { readonly kind: 'access'; readonly access: KeyAccess; readonly ids: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: ClaimFailure; readonly keyId?: string }

/**
 * @param type header `typ`
 * @param certificate SHA-256 of the verified client certificate of the connection, in base64url; undefined without one
 * @param now seconds since 1970
 */
export function readClaims(
  claims: JWTPayload,
  type: unknown,
  rules: ClaimRules,
  certificate: string | undefined,
  now: number,
): ReadClaims {
  const { sub, iat, exp, jti } = claims
  if (!TYPES.includes(typeof type === 'string' ? type.toLowerCase() : type)) return failed('not-an-access-token')
  if (!isText(sub)) return failed('unmapped')
  const keyId = subjectId(sub)
  const fail = (reason: ClaimFailure) => failed(reason, keyId)
  if (typeof iat !== 'number' || typeof exp !== 'number' || !(jti === undefined || isText(jti))) return fail('unmapped')
  if (iat > now + rules.clockSeconds) return fail('not-yet-valid')
  if (!(exp - iat <= rules.maxSeconds)) return fail('too-long-lived')
  const producer = claims[rules.producerClaim]
  if (typeof producer !== 'string' || !PRODUCER.test(producer)) return fail('unmapped')
  if (!isBound(claims.cnf, certificate)) return fail('not-bound')
  const scopes = typeof claims.scope === 'string' ? claims.scope.split(' ').filter((one) => SCOPE.test(one)) : []
  const access = { keyId, producer, name: 'token', scopes, createdAt: isoTime(iat), expiresAt: isoTime(exp) }
  return { kind: 'access', access, ids: [keyId, ...(jti === undefined ? [] : [tokenId(jti)])] }
}

/** A token that is bound to a key (`cnf`, RFC 7800) is worth nothing without it: only the binding to a certificate is known here (RFC 8705, 3.1). */
function isBound(confirmation: unknown, certificate: string | undefined): boolean {
  if (confirmation === undefined) return true
  if (!isObject(confirmation) || certificate === undefined) return false
  const { 'x5t#S256': thumbprint, ...others } = confirmation
  return thumbprint === certificate && Object.keys(others).length === 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_CLAIM
}

function failed(reason: ClaimFailure, keyId?: string): ReadClaims {
  return { kind: 'failed', reason, ...(keyId === undefined ? {} : { keyId }) }
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
