/** Checks the tokens that producers send in place of an API key: JWTs of one issuer (RFC 7519; RFC 8725 says what can go wrong). */
import { errors, importJWK, type JWK, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { KeyStore, Login } from '#core/keys/store.ts'
import { subjectId } from '#core/keys/token-id.ts'
import { type ClaimFailure, type ClaimRules, readClaims } from './claims.ts'
import { ALGORITHMS, type Algorithm } from './key-set.ts'
import type { IssuerKeys } from './watch-keys.ts'

const MAX_TOKEN = 8_192
const MAX_KID = 256

export type TokenFailure =
  | ClaimFailure
  | 'malformed-token'
  | 'unknown-token-key'
  | 'wrong-signature'
  | 'expired'
  | 'revoked'
  | 'wrong-issuer'
  | 'wrong-audience'

export interface TokenRules extends ClaimRules {
  /** The claim `iss`, exactly. */
  readonly issuer: string
  /** One of the claim `aud`: the name of this gateway at the issuer. */
  readonly audience: string
}

export interface Tokens {
  /**
   * @param certificate SHA-256 of the verified client certificate of the connection, in base64url
   * @returns what the token gives access to; of a failure its subject's id only when the signature is right
   * @throws ChainonError dependency-unavailable when the keys of the issuer cannot be read
   */
  login(token: string, certificate: string | undefined): Promise<Login<TokenFailure>>
}

/** A key of this issuer that does not exist: the token's fault, and not that of who verifies. */
class UnknownKey extends Error {}

/**
 * @param revocations of keys and tokens
 * @param now milliseconds since 1970
 */
export function createTokens(
  rules: TokenRules,
  keys: Pick<IssuerKeys, 'find'>,
  revocations: Pick<KeyStore, 'isRevoked'>,
  now: () => number,
): Tokens {
  const imported = importedOnce()
  const find: JWTVerifyGetKey = async ({ alg, kid }) => {
    if (typeof kid !== 'string' || kid.length > MAX_KID) throw new UnknownKey()
    const jwk = await keys.find(kid, alg as Algorithm)
    if (!jwk) throw new UnknownKey()
    return await imported(jwk, alg as Algorithm).catch(() => {
      // What the issuer publishes under that name is no key.
      throw new UnknownKey()
    })
  }
  return {
    async login(token, certificate) {
      if (token.length > MAX_TOKEN) return { kind: 'failed', reason: 'malformed-token' }
      let verified: Awaited<ReturnType<typeof jwtVerify>>
      try {
        verified = await jwtVerify(token, find, {
          algorithms: [...ALGORITHMS],
          issuer: rules.issuer,
          audience: rules.audience,
          clockTolerance: rules.clockSeconds,
          currentDate: new Date(now()),
          requiredClaims: ['exp', 'iat', 'sub'],
        })
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error), ...subjectOf(error) }
      }
      const read = readClaims(verified.payload, verified.protectedHeader.typ, rules, certificate, now() / 1000)
      if (read.kind === 'failed') return read
      if (read.ids.some((id) => revocations.isRevoked(id)))
        return { kind: 'failed', reason: 'revoked', keyId: read.access.keyId }
      return { kind: 'accepted', access: read.access }
    },
  }
}

/** Claims are known of a token with the right signature only. */
function subjectOf(error: unknown): { readonly keyId?: string } {
  const claims =
    error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired ? error.payload : {}
  return typeof claims.sub === 'string' ? { keyId: subjectId(claims.sub) } : {}
}

type Imported = Awaited<ReturnType<typeof importJWK>>

/** @returns a function that imports each key once for each algorithm: it takes as long as a signature. Keys that were read anew are other ones. */
function importedOnce(): (jwk: JWK, algorithm: Algorithm) => Promise<Imported> {
  const known = new WeakMap<JWK, Map<Algorithm, Promise<Imported>>>()
  return (jwk, algorithm) => {
    const ofKey = known.get(jwk) ?? new Map<Algorithm, Promise<Imported>>()
    const before = ofKey.get(algorithm)
    if (before) return before
    const key = importJWK(jwk, algorithm)
    known.set(jwk, ofKey.set(algorithm, key))
    return key
  }
}

/** jose checks the signature before the claims. @throws what is no fault of the token */
function reasonOf(error: unknown): TokenFailure {
  if (error instanceof UnknownKey) return 'unknown-token-key'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'wrong-signature'
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'wrong-issuer'
    if (error.claim === 'aud') return 'wrong-audience'
    return error.claim === 'nbf' ? 'not-yet-valid' : 'unmapped'
  }
  if (error instanceof errors.JOSEError) return 'malformed-token'
  throw error
}
