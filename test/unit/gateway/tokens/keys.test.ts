/** The keys of an issuer: which are usable, from where, and how often they are read. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { ChainonError } from '#core/faults/errors.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { gatewayConfig } from '../../../../services/gateway/config.ts'
import { type KeySet, keyOf, readKeySet } from '../../../../services/gateway/tokens/key-set.ts'
import { openTokens } from '../../../../services/gateway/tokens/open.ts'
import { keysOfUrl } from '../../../../services/gateway/tokens/read-keys.ts'
import { tokenSettings } from '../../../../services/gateway/tokens/settings.ts'
import { watchIssuerKeys } from '../../../../services/gateway/tokens/watch-keys.ts'
import { identityOf, testAuthority } from '../../../helpers/certificates.ts'
import { TOKEN_RULES, testIssuer } from '../../../helpers/token-issuer.ts'

const GIVEN = { CHAINON_JWT_ISSUER: TOKEN_RULES.issuer, CHAINON_JWT_AUDIENCE: TOKEN_RULES.audience }

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
}

test('only public keys for signatures are taken, and a set with a private or symmetric one is refused as a whole', async () => {
  const { jwk } = await testIssuer()
  const small = { kty: 'RSA', kid: 'small', n: Buffer.alloc(128, 255).toString('base64url'), e: 'AQAB' }
  const encryption = { ...jwk, kid: 'enc', use: 'enc' }
  expect(readKeySet({ keys: [jwk, small, encryption, { ...jwk, kid: undefined }] })).toEqual([jwk])
  for (const secret of [
    { ...jwk, d: 'AA' },
    { kty: 'oct', kid: 'hs', k: 'AA' },
  ])
    expect(readKeySet({ keys: [jwk, secret] })).toEqual({ problem: expect.stringContaining('private or symmetric') })
  for (const wrong of [null, [], { keys: {} }, { keys: [1] }, { keys: [] }, { keys: Array(101).fill(jwk) }])
    expect(readKeySet(wrong)).toHaveProperty('problem')
})

test('a key serves its own algorithm only; two of one name serve none', async () => {
  const { jwk } = await testIssuer()
  expect(keyOf([jwk], 'key-1', 'ES256')).toBe(jwk)
  for (const algorithm of ['RS256', 'PS256', 'EdDSA'] as const) expect(keyOf([jwk], 'key-1', algorithm)).toBeUndefined()
  expect(keyOf([jwk, { ...jwk }], 'key-1', 'ES256')).toBeUndefined()
  expect(keyOf([{ ...jwk, alg: 'ES384' }], 'key-1', 'ES256')).toBeUndefined()
})

/** A watch over keys in memory, with a clock that stands still. */
async function watch(first: KeySet) {
  const state = { keys: first, away: false, now: 0, reads: 0, failures: 0 }
  const keys = await watchIssuerKeys({
    async read() {
      state.reads++
      if (state.away) throw new ChainonError('token-keys', 'away')
      return state.keys
    },
    everyMs: 2_000_000,
    distanceMs: 30_000,
    staleMs: 3_600_000,
    onFailure: () => void state.failures++,
    onRead: () => undefined,
    now: () => state.now,
  })
  onTestFinished(() => keys.stop())
  return { state, keys }
}

test('a key that the issuer has changed is found at once; a flood of unknown names reads them once in 30 s', async () => {
  const [{ jwk: old }, { jwk: fresh }] = await Promise.all([testIssuer(), testIssuer('ES256', 'key-2')])
  const { state, keys } = await watch([old])
  state.now = 60_000
  state.keys = [fresh]
  expect(await keys.find('key-2', 'ES256')).toBe(fresh)
  expect(await keys.find('key-1', 'ES256')).toBeUndefined()
  expect(state.reads).toBe(2)
  for (let at = 0; at < 1_000; at++) expect(await keys.find(`unknown-${at}`, 'ES256')).toBeUndefined()
  expect(state.reads).toBe(2)
  state.now = 90_000
  const flood = Array.from({ length: 1_000 }, (_, at) => keys.find(`other-${at}`, 'ES256'))
  expect(new Set(await Promise.all(flood))).toEqual(new Set([undefined]))
  expect(state.reads).toBe(3)
})

test('keys that cannot be read again are used for the stated time, and no longer', async () => {
  const { jwk } = await testIssuer()
  const { state, keys } = await watch([jwk])
  state.away = true
  state.now = 3_600_000
  expect(await keys.find('key-1', 'ES256')).toBe(jwk)
  state.now++
  await expect(keys.find('key-1', 'ES256')).rejects.toMatchObject({ code: 'dependency-unavailable' })
  state.away = false
  state.now += 30_000
  await keys.find('new', 'ES256')
  expect(await keys.find('key-1', 'ES256')).toBe(jwk)
})

test.each<[string, RequestListener]>([
  ['the status 302', (_, answer) => answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['the status 500', (_, answer) => answer.writeHead(500).end()],
  ['not JSON', (_, answer) => answer.end('<html>')],
  ['no JWK set', (_, answer) => answer.end('[]')],
  ['longer than', (_, answer) => answer.end('x'.repeat(300_000))],
])('an address whose answer is wrong gives no keys: %s', async (problem, listener) => {
  await expect(keysOfUrl(new URL(await serve(listener)), undefined)).rejects.toThrow(problem)
})

test('an https address needs a certificate of the authority that is configured', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const authority = testAuthority(join(folder, 'own'), 'issuer-authority')
  const other = testAuthority(join(folder, 'other'), 'other-authority')
  const { jwk } = await testIssuer()
  const body = JSON.stringify({ keys: [jwk] })
  const options = identityOf(authority.issue('localhost', 'serverAuth'))
  const server = createHttpsServer(options, (_, answer) => answer.end(body)).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/keys`)
  expect(await keysOfUrl(url, readFileSync(authority.ca))).toEqual([jwk])
  for (const ca of [undefined, readFileSync(other.ca)]) await expect(keysOfUrl(url, ca)).rejects.toThrow(/certificate/)
})

test('an issuer that is away at the start raises an alarm and ends nothing; it is cleared when the keys are read', async () => {
  const issuer = await testIssuer()
  const state = { keys: undefined as readonly JWK[] | undefined }
  const url = await serve((_, answer) =>
    state.keys ? answer.end(JSON.stringify({ keys: state.keys })) : answer.writeHead(503).end(),
  )
  const alarms = createAlarms()
  const open = (CHAINON_JWT_JWKS: string) =>
    openTokens(
      tokenSettings(gatewayConfig({ ...GIVEN, CHAINON_JWT_JWKS })),
      { isRevoked: () => false },
      alarms,
      createLogger('test', 'fatal'),
    )
  const away = await open(url)
  expect(alarms.active().map(({ code }) => code)).toEqual(['token-keys'])
  await expect(away.tokens?.login(await issuer.token(), undefined)).rejects.toMatchObject({
    code: 'dependency-unavailable',
  })
  away.stop()
  state.keys = [issuer.jwk]
  const there = await open(url)
  expect(alarms.active()).toEqual([])
  expect(await there.tokens?.login(await issuer.token(), undefined)).toMatchObject({ kind: 'accepted' })
  there.stop()
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys.json')
  await expect(open(file)).rejects.toThrow(/CHAINON_JWT_JWKS: ENOENT/)
  writeFileSync(file, JSON.stringify({ keys: [{ ...issuer.jwk, d: 'AA' }] }))
  await expect(open(file)).rejects.toThrow(/private or symmetric/)
})

test('issuer, audience and keys belong together, and the keys come over a connection that is proved', () => {
  const settings = (env: Record<string, string>) => () => tokenSettings(gatewayConfig(env))
  expect(settings({})()).toBeUndefined()
  expect(settings({ CHAINON_JWT_ISSUER: 'x' })).toThrow(/belong together/)
  expect(settings({ ...GIVEN, CHAINON_JWT_JWKS_CA_FILE: 'ca.pem', CHAINON_JWT_JWKS: 'keys.json' })).toThrow(/https URL/)
  for (const wrong of [
    'http://issuer.example/keys',
    'http://10.0.0.1/keys',
    'file:///etc/keys',
    'https://u:p@issuer.example/k',
    'http://127.0.0.1.evil.example/',
  ])
    expect(settings({ ...GIVEN, CHAINON_JWT_JWKS: wrong }), wrong).toThrow(/CHAINON_JWT_JWKS must be/)
  for (const right of [
    'https://issuer.example/keys',
    'http://127.0.0.1:8/keys',
    'http://[::1]/keys',
    'keys.json',
    '/etc/keys.json',
  ])
    expect(settings({ ...GIVEN, CHAINON_JWT_JWKS: right })(), right).toBeDefined()
})
