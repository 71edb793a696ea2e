/** What who has no token, another's, or one for something else may try. RFC 8725 lists most of it. */
import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { exportSPKI } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '#core/gateway-api/problem.ts'
import type { KeyAccess } from '#core/keys/store.ts'
import { subjectId, tokenId } from '#core/keys/token-id.ts'
import type { KeySet } from '../../../../services/gateway/tokens/key-set.ts'
import { createTokens } from '../../../../services/gateway/tokens/tokens.ts'
import { TOKEN_RULES, testIssuer } from '../../../helpers/token-issuer.ts'
import { harness, observation } from '../harness.ts'

type Issuer = Awaited<ReturnType<typeof testIssuer>>
let issuer: Issuer
let rsa: Issuer
let other: Issuer
const revoked = new Set<string>()
const asked: string[] = []

beforeAll(async () => {
  ;[issuer, rsa, other] = await Promise.all([testIssuer(), testIssuer('RS256', 'key-rsa'), testIssuer()])
})

function login(token: string, certificate?: string) {
  const keys: KeySet = [issuer.jwk, rsa.jwk]
  const find = async (kid: string, alg: string) => {
    asked.push(kid)
    return keys.find((key) => key.kid === kid && key.alg === alg)
  }
  return createTokens(TOKEN_RULES, { find }, { isRevoked: (id) => revoked.has(id) }, Date.now).login(token, certificate)
}

async function accessOf(token: string): Promise<KeyAccess> {
  const result = await login(token)
  if (result.kind === 'failed') throw new Error(result.reason)
  return result.access
}

const failed = (reason: string, keyId?: string) => ({ kind: 'failed', reason, ...(keyId ? { keyId } : {}) })
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)
const ID = subjectId('chu-test-client')

test('a token gives the producer and the scopes that its claims say, and others are not scopes of Chainon', async () => {
  const access = await accessOf(await issuer.token({ scope: 'openid write:observation read:own write:../x admin' }))
  expect(access).toMatchObject({ keyId: ID, producer: 'chu-test', scopes: ['write:observation', 'read:own'] })
  expect((await accessOf(await issuer.token({ scope: undefined }))).scopes).toEqual([])
  expect((await accessOf(await rsa.token())).producer).toBe('chu-test')
  expect((await accessOf(await issuer.token({ aud: ['another', TOKEN_RULES.audience] }))).producer).toBe('chu-test')
})

describe('the signature', () => {
  test('alg none, in any spelling, is no signature', async () => {
    const claims = (await issuer.token()).split('.')[1]
    for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
      for (const signature of ['', 'AA'])
        expect(await login(`${part({ alg, kid: 'key-1' })}.${claims}.${signature}`)).toEqual(failed('malformed-token'))
  })

  test('HS256 with the public key as the secret, in each form in which it is known, is rejected', async () => {
    const claims = (await rsa.token()).split('.')[1] ?? ''
    const head = part({ alg: 'HS256', kid: 'key-rsa', typ: 'at+jwt' })
    const pem = await exportSPKI(rsa.publicKey)
    for (const secret of [pem, pem.trim(), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '']) {
      const signature = createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url')
      expect(await login(`${head}.${claims}.${signature}`)).toEqual(failed('malformed-token'))
    }
  })

  test('an algorithm that is not on the list is rejected before a key is looked for', async () => {
    asked.length = 0
    const claims = (await issuer.token()).split('.')[1]
    for (const alg of ['HS384', 'RS1', 'RS512', 'ES512', 'ES256K', 'dir', 'RSA-OAEP'])
      expect(await login(`${part({ alg, kid: 'key-1' })}.${claims}.AAAA`)).toEqual(failed('malformed-token'))
    expect(asked).toEqual([])
  })

  test('a key of another issuer under a known kid, a changed claim and a cut signature are rejected', async () => {
    const [head, , signature] = (await issuer.token()).split('.')
    const claims = part({ ...TOKEN_RULES, sub: 'admin', exp: now() + 60, iat: now() })
    for (const token of [await other.token(), `${head}.${claims}.${signature}`])
      expect(await login(token)).toEqual(failed('wrong-signature'))
    expect(await login(`${head}.${claims}.${signature?.slice(0, 20)}`)).toEqual(failed('wrong-signature'))
  })

  test('a key in the token, or an address of keys, is ignored: the key comes from the issuer, or there is none', async () => {
    for (const extra of [
      { jwk: other.jwk },
      { jku: 'https://evil.example/k' },
      { x5u: 'https://evil.example/c' },
      { x5c: ['AA'] },
    ])
      expect(await login(await other.token({}, extra))).toEqual(failed('wrong-signature'))
    expect((await login(await other.token({}, { jwk: other.jwk, kid: 'mine' }))).kind).toBe('failed')
  })

  test('a kid is a name, whatever it looks like', async () => {
    asked.length = 0
    for (const kid of [
      '../../etc/passwd',
      '/dev/null',
      "' OR 1=1",
      'https://evil.example',
      '__proto__',
      'k'.repeat(300),
    ])
      expect(await login(await issuer.token({}, { kid }))).toEqual(failed('unknown-token-key'))
    expect(await login(await issuer.token({}, { kid: undefined as unknown as string }))).toEqual(
      failed('unknown-token-key'),
    )
    expect(asked).not.toContain('k'.repeat(300))
  })

  test('a key of the issuer that is damaged verifies nothing, and is no error of the gateway', async () => {
    for (const damage of [{ x: 'AAAA' }, { x: undefined }, { y: issuer.jwk.x }]) {
      const keys = { find: async () => ({ ...issuer.jwk, ...damage }) as KeySet[number] }
      const tokens = createTokens(TOKEN_RULES, keys, { isRevoked: () => false }, Date.now)
      expect(await tokens.login(await issuer.token(), undefined)).toEqual(failed('unknown-token-key'))
    }
  })

  test('a header that must be understood (crit) and is not, is rejected; so is an unencoded body', async () => {
    const [, claims] = (await issuer.token()).split('.')
    for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['http://x'], 'http://x': 1 }, { crit: [] }])
      expect(await login(`${part({ alg: 'ES256', kid: 'key-1', ...header })}.${claims}.AAAA`)).toEqual(
        failed('malformed-token'),
      )
    const unencoded = { alg: 'ES256', kid: 'key-1', crit: ['b64'], b64: false }
    expect((await login(`${part(unencoded)}.${claims}.AAAA`)).kind).toBe('failed')
  })

  test('two signatures, an encrypted token, and one beyond any size are none', async () => {
    const [protectedHeader, payload, signature] = (await issuer.token()).split('.')
    const general = JSON.stringify({ payload, signatures: [{ protected: protectedHeader, signature }, {}] })
    for (const token of [
      general,
      `${await issuer.token()}.${signature}`,
      'a.b.c.d.e',
      'a..',
      '..',
      `${'A'.repeat(20_000)}.A.A`,
    ])
      expect(await login(token)).toEqual(failed('malformed-token'))
  })
})

describe('the claims', () => {
  test.each([
    ['expired', { exp: 1_000, iat: 900 }],
    ['wrong-issuer', { iss: 'https://issuer.example/realms/chainon/' }],
    ['wrong-issuer', { iss: undefined }],
    ['wrong-audience', { aud: 'chainon' }],
    ['wrong-audience', { aud: ['chainon-gateway-2'] }],
    ['wrong-audience', { aud: undefined }],
    ['unmapped', { exp: undefined }],
    ['unmapped', { iat: undefined }],
    ['unmapped', { client_id: undefined }],
    ['unmapped', { client_id: '../chu' }],
    ['unmapped', { client_id: ['chu-test'] as unknown as string }],
    ['unmapped', { jti: 7 as unknown as string }],
    ['not-bound', { cnf: {} }],
    ['not-bound', { cnf: null }],
    ['not-bound', { cnf: { jkt: 'AA' } }],
    ['not-bound', { cnf: { 'x5t#S256': 'AA' } }],
  ])('%s: %j', async (reason, claims) => {
    expect(await login(await issuer.token(claims))).toEqual(failed(reason, ID))
  })

  test('times count with the tolerance of the clocks, and no longer', async () => {
    expect(await login(await issuer.token({ nbf: now() + 60 }))).toEqual(failed('not-yet-valid', ID))
    expect(await login(await issuer.token({ iat: now() + 60, exp: now() + 120 }))).toEqual(failed('not-yet-valid', ID))
    expect(await login(await issuer.token({ iat: now() - 10, exp: now() + 4_000 }))).toEqual(
      failed('too-long-lived', ID),
    )
    for (const claims of [{ nbf: now() + 10 }, { iat: now() + 10 }, { exp: now() - 10 }])
      expect((await accessOf(await issuer.token(claims))).producer).toBe('chu-test')
  })

  test('a token for something else, that the issuer has signed with the same key, is no login', async () => {
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', ''])
      expect(await login(await issuer.token({}, { typ }))).toEqual(failed('not-an-access-token'))
    for (const typ of ['JWT', 'AT+JWT', 'application/at+jwt'])
      expect((await accessOf(await issuer.token({}, { typ }))).producer).toBe('chu-test')
  })

  test('a token that is bound to a certificate needs its connection', async () => {
    const token = await issuer.token({ cnf: { 'x5t#S256': 'own' } })
    expect((await login(token, 'own')).kind).toBe('accepted')
    for (const certificate of [undefined, 'other'])
      expect(await login(token, certificate)).toEqual(failed('not-bound', ID))
  })

  test('a subject or a single token can be revoked', async () => {
    revoked.add(tokenId('token-1'))
    expect(await login(await issuer.token())).toEqual(failed('revoked', ID))
    expect((await login(await issuer.token({ jti: 'token-2' }))).kind).toBe('accepted')
    revoked.clear()
    revoked.add(ID)
    expect(await login(await issuer.token({ jti: 'token-2' }))).toEqual(failed('revoked', ID))
    revoked.clear()
  })
})

describe('at the gateway', () => {
  const send = (gateway: Awaited<ReturnType<typeof harness>>, headers: Record<string, string>) =>
    gateway.post('observation', 'application/json', JSON.stringify(observation(1)), headers)

  test('a token stores records, is journalled under its subject, and its revocation holds from the next request on', async () => {
    const gateway = await harness()
    const authorization = `bearer   ${await gateway.issuer.token({ scope: 'write:observation' })}`
    expect((await send(gateway, { authorization })).statusCode).toBe(202)
    expect((await gateway.post('patient', 'application/json', '{}', { authorization })).statusCode).toBe(403)
    const { revokeKey } = await import('#core/keys/admin.ts')
    expect(revokeKey(gateway.folder, ID)).toBe(true)
    const answer = await send(gateway, { authorization })
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([401, 'revoked-key'])
    expect((await send(gateway, {})).statusCode).toBe(202)
    await gateway.close()
    expect(gateway.entries).toContainEqual(
      expect.objectContaining({
        actor: `key:${ID}`,
        action: 'login-failed',
        facts: expect.objectContaining({ reason: 'revoked' }),
      }),
    )
    expect(gateway.entries).toContainEqual(expect.objectContaining({ actor: `key:${ID}`, action: 'key-use' }))
  })

  test('a failure is counted by reason and tells only a holder of a signed token why', async () => {
    const gateway = await harness()
    const stranger = await send(gateway, { authorization: `Bearer ${await other.token({ aud: 'x' })}` })
    const holder = await send(gateway, { authorization: `Bearer ${await gateway.issuer.token({ aud: 'x' })}` })
    expect([stranger, holder].map((one) => one.json<Problem>().code)).toEqual(['wrong-token', 'wrong-token'])
    expect(stranger.json<Problem>().detail).not.toContain('aud')
    expect(holder.json<Problem>().detail).toContain('aud')
    const metrics = await gateway.metrics.scrape()
    for (const reason of ['wrong-signature', 'wrong-audience']) expect(metrics).toContain(`reason="${reason}"`)
    await gateway.close()
  })

  test("keys and tokens do not take each other's place, and two of them are none", async () => {
    const gateway = await harness()
    const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
    const token = await gateway.issuer.token()
    expect((await send(gateway, { authorization: '', 'x-api-key': token })).statusCode).toBe(401)
    expect((await send(gateway, { authorization: `Basic ${token}` })).statusCode).toBe(401)
    expect((await send(gateway, { 'x-api-key': gateway.key })).json<Problem>().detail).toMatch(/one key or token/)
    const status = (headers: readonly string[]) => {
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
      request(`${url}/v1/key`, { headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end()
      return promise
    }
    const host = ['Host', '127.0.0.1']
    const bearer = ['Authorization', `Bearer ${token}`]
    expect(await status([...host, ...bearer])).toBe(200)
    expect(await status([...host, ...bearer, 'AUTHORIZATION', `Bearer ${gateway.key}`])).toBe(401)
    await gateway.close()
  })

  test("while the issuer's keys are not known tokens are answered 503, and keys as ever", async () => {
    const gateway = await harness()
    gateway.state.issuerDown = true
    const answer = await send(gateway, { authorization: `Bearer ${await gateway.issuer.token()}` })
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
    expect((await send(gateway, {})).statusCode).toBe(202)
    expect(gateway.entries.filter(({ action }) => action === 'login-failed')).toEqual([])
    await gateway.close()
  })
})
