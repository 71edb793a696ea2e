/** An issuer of tokens with keys of its own, made at run time; nothing of it is ever a real one. */
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import type { Algorithm } from '../../services/gateway/tokens/key-set.ts'
import type { TokenRules } from '../../services/gateway/tokens/tokens.ts'

export const TOKEN_RULES: TokenRules = {
  issuer: 'https://issuer.example/realms/chainon',
  audience: 'chainon-gateway',
  producerClaim: 'client_id',
  maxSeconds: 3_600,
  clockSeconds: 30,
}

/** @returns a key pair of an issuer, and its tokens: those of a producer `chu-test`, unless the claims say otherwise */
export async function testIssuer(alg: Algorithm = 'ES256', kid = 'key-1') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg }
  return {
    jwk,
    publicKey,
    /** @param claims undefined removes one */
    token(claims: Readonly<Record<string, unknown>> = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
      const now = Math.floor(Date.now() / 1000)
      const usual = {
        iss: TOKEN_RULES.issuer,
        aud: TOKEN_RULES.audience,
        sub: 'chu-test-client',
        client_id: 'chu-test',
        scope: 'write:* read:own',
        iat: now,
        exp: now + 300,
        jti: 'token-1',
      }
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
        .sign(privateKey)
    },
  }
}
