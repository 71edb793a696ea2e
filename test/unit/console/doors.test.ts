/** What somebody who reaches the console's port may try without the operator's password. */
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { consoleConfig } from '../../../services/console/config.ts'
import { openAccount } from '../../../services/console/login/account.ts'
import { openSessions } from '../../../services/console/login/sessions.ts'
import { type TestConsole, testConsole } from './test-console.ts'

let own: TestConsole
beforeEach(async () => {
  own = await testConsole()
})
afterEach(() => own.close())

const logIn = (password: string, headers: Record<string, string> = {}) =>
  own.app.inject({
    method: 'POST',
    url: '/login',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams({ user: 'operator', password }).toString(),
  })
const get = (url: string, headers: Record<string, string> = {}) =>
  own.app.inject({ url, headers, payloadAsStream: true })

test('it does not listen beyond this machine without TLS or a declared proxy', () => {
  expect(() => consoleConfig({ CHAINON_HTTP_HOST: '0.0.0.0' })).toThrow(/CHAINON_TLS_CERT_FILE.*CHAINON_TRUSTED_PROXY/)
  expect(() => consoleConfig({ CHAINON_ADMIN_HOST: '0.0.0.0' })).toThrow(/CHAINON_ADMIN_HOST/)
  expect(consoleConfig({ CHAINON_HTTP_HOST: '::1' }).CHAINON_HTTP_HOST).toBe('::1')
})

test.each(['/api/snapshot', '/api/ledger', '/api/live', '/api/session', '/openapi.json', '/main.js'])(
  '%s needs a login',
  async (path) => {
    expect((await get(path)).statusCode).toBe(401)
    for (const forged of ['chainon_session=', 'chainon_session=x', `x${own.cookie}`, `${own.cookie}x`])
      expect((await get(path, { cookie: forged })).statusCode, forged).toBe(401)
  },
)

test('without a login there are the login and the health, and nothing of the system in them', async () => {
  const page = await own.app.inject('/')
  expect([page.statusCode, page.headers.location]).toEqual([303, '/login'])
  expect((await own.app.inject('/login')).headers['content-security-policy']).toContain("script-src 'self'")
  expect((await own.app.inject('/health')).json()).toEqual({ status: 'ok' })
  expect([(await get('/metrics')).statusCode, (await get('/alarms')).statusCode]).toEqual([404, 404])
})

test('the password opens a session; its cookie is out of reach of scripts and other sites, and ends with the logout', async () => {
  const answer = await logIn(own.password)
  expect([answer.statusCode, answer.headers.location]).toEqual([303, '/'])
  const set = String(answer.headers['set-cookie'])
  expect(set).toMatch(/^chainon_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
  const cookie = set.split(';')[0] ?? ''
  const session = await own.app.inject({ url: '/api/session', headers: { cookie } })
  const { csrf_token } = session.json<{ csrf_token: string }>()
  const logOut = (headers: Record<string, string>) =>
    own.app.inject({ method: 'POST', url: '/logout', headers: { cookie, ...headers } })
  expect((await logOut({})).statusCode).toBe(403)
  expect((await logOut({ 'x-csrf-token': `${csrf_token}x` })).statusCode).toBe(403)
  expect((await get('/api/session', { cookie })).statusCode).toBe(200)
  expect((await logOut({ 'x-csrf-token': csrf_token })).statusCode).toBe(204)
  expect((await get('/api/session', { cookie })).statusCode).toBe(401)
  expect(own.entries.map(({ actor, action, outcome }) => `${actor} ${action} ${outcome}`)).toEqual([
    'console:operator login done',
    'console:operator logout done',
  ])
  // The session of another browser goes on.
  expect((await get('/api/session', { cookie: own.cookie })).statusCode).toBe(200)
})

test('a page of another site cannot log anybody in, nor reach the console under another name', async () => {
  expect((await logIn(own.password, { origin: 'https://evil.example' })).statusCode).toBe(403)
  expect((await get('/login', { host: 'evil.example' })).statusCode).toBe(421)
  expect((await logIn(own.password, { host: '127.0.0.1:8090', origin: 'http://127.0.0.1:8090' })).statusCode).toBe(303)
})

test('guesses of the password are bounded, and of another sender, too', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) statuses.push((await logIn(`guess-${i}`)).statusCode)
  expect(statuses).toEqual(Array.from({ length: 12 }, () => 401))
  await Promise.all(Array.from({ length: 20 }, () => logIn('guess')))
  const told = own.entries.filter(({ action }) => action === 'login-failed').map(({ facts }) => facts)
  const [reason, sender] = ['wrong-password', '127.0.0.1']
  expect(told).toEqual([1, 2, 4, 8, 16].map((failures) => ({ reason, failures, sender })))
  expect(JSON.stringify(own.entries)).not.toContain('guess')
  const blocked = await logIn(own.password)
  expect([blocked.statusCode, blocked.headers['retry-after']]).toEqual([429, '60'])
}, 60_000)

test('the password is in a file of its owner alone, and one that others can read opens nothing', async () => {
  const file = join(own.folder, 'operator.password')
  expect([statSync(file).mode & 0o777, own.password.length]).toEqual([0o600, 24])
  expect(openAccount(own.folder).matches('operator', own.password)).toBe(true)
  expect(openAccount(own.folder).matches('root', own.password)).toBe(false)
  chmodSync(file, 0o644)
  expect(() => openAccount(own.folder)).toThrow(/readable by others/)
  const answer = await logIn(own.password)
  expect([answer.statusCode, answer.body]).toEqual([503, expect.not.stringContaining(own.folder)])
})

test('a session outlives a restart, ends by itself, and its file opens none', () => {
  let now = 0
  const first = openSessions(own.folder, () => now)
  const token = first.begin('anna')
  const restarted = openSessions(own.folder, () => now)
  expect(restarted.userOf(token)).toBe('anna')
  const stored = readFileSync(join(own.folder, 'sessions.json'), 'utf8')
  expect(stored).not.toContain(token)
  for (const [text] of stored.matchAll(/[\w-]{20,}/g)) expect(restarted.userOf(text)).toBeUndefined()
  now = 13 * 3_600_000
  expect(restarted.userOf(token)).toBeUndefined()
})

test('the journal has who read figures, by address and hour', async () => {
  for (let at = 0; at < 3; at++) await get('/api/ledger', { cookie: own.cookie })
  const read = own.entries.filter(({ action }) => action === 'query')
  expect(read.map(({ actor, object }) => [actor, object])).toEqual([['console:operator', 'console:/api/ledger']])
  expect((await get('/api/ledger')).statusCode, 'who is not logged in reads nothing').toBe(401)
})
