/** Why a login fails, and what its sender is told of it. */
import type { LoginFailure } from '#core/keys/store.ts'
import type { TokenFailure } from '../tokens/tokens.ts'

export type Reason = LoginFailure | TokenFailure | 'missing' | 'ambiguous' | 'untrusted-certificate'

/** Only who has the secret, or a token of the issuer, learns more than that it is wrong. */
export const PROBLEMS = {
  missing: 'missing-key',
  ambiguous: 'wrong-key',
  malformed: 'wrong-key',
  unknown: 'wrong-key',
  'wrong-secret': 'wrong-key',
  'untrusted-certificate': 'wrong-key',
  expired: 'expired-key',
  revoked: 'revoked-key',
  'malformed-token': 'wrong-token',
  'unknown-token-key': 'wrong-token',
  'wrong-signature': 'wrong-token',
  'wrong-issuer': 'wrong-token',
  'wrong-audience': 'wrong-token',
  'not-an-access-token': 'wrong-token',
  'not-yet-valid': 'wrong-token',
  'too-long-lived': 'wrong-token',
  unmapped: 'wrong-token',
  'not-bound': 'wrong-token',
} as const satisfies Record<Reason, string>

export const DETAILS: Partial<Record<Reason, string>> = {
  missing: 'Send the key as Authorization: Bearer, or as X-API-Key.',
  ambiguous: 'Send one key or token, in one header.',
  'wrong-issuer': 'The issuer (iss) is not the one of this gateway.',
  'wrong-audience': 'The audience (aud) is not this gateway.',
  'not-an-access-token': 'The type (typ) is not that of an access token.',
  'not-yet-valid': 'The token is from the future (iat, nbf): compare the clocks.',
  'too-long-lived': 'The token is valid for longer than this gateway accepts (exp, iat).',
  unmapped: 'The token lacks a claim, or one has another form: sub, iat, exp and the name of the producer.',
  'not-bound': 'The token is bound to a key (cnf) that this connection does not prove.',
}
