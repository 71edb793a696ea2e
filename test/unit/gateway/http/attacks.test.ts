/** What a person without a key, or with a leaked one, may try at the gateway's door. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import { Check } from 'typebox/schema'
import { expect, test } from 'vitest'
import type { Problem } from '#core/gateway-api/problem.ts'
import { delayMs, failureCounts, senderOf } from '#core/http/failed-logins.ts'
import { JournalEvent } from '#core/journal/actions.ts'
import { createKey, listKeys, revokeKey } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { lastUse, recordKeyUse } from '#core/keys/use.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createLogins } from '../../../../services/gateway/http/logins.ts'
import { harness, observation } from '../harness.ts'

/** What `createLogins` reads of a request. */
function requestOf(headers: Record<string, string>, ip: string): FastifyRequest {
  return { headers, ip, raw: { rawHeaders: Object.entries(headers).flat(), socket: {} } } as unknown as FastifyRequest
}

test('a body that is still being sent when its key is revoked is not accepted', async () => {
  const gateway = await harness()
  try {
    const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
    const line = `${JSON.stringify(observation(1))}\n`
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const slow = request(
      `${url}/v1/feeds/observation/records`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/x-ndjson' },
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      },
    )
    slow.on('error', reject)
    slow.write(line)
    await expect.poll(async () => (await gateway.metrics.scrape()).match(/inflight_bytes\S* (\d+)/)?.[1]).not.toBe('0')
    revokeKey(gateway.folder, gateway.key.split('_')[1] ?? '')
    slow.end(line)
    expect(await promise).toBe(401)
    expect(gateway.written).toEqual([])
  } finally {
    await gateway.close()
  }
})

test('guessing keys is counted, by reason', async () => {
  const gateway = await harness()
  try {
    const id = gateway.key.split('_')[1] ?? ''
    for (const guess of [`chn_000000000000_${'A'.repeat(43)}`, `chn_${id}_${'A'.repeat(43)}`, 'password', undefined]) {
      const headers = guess === undefined ? { authorization: '' } : { authorization: `Bearer ${guess}` }
      const answer = await gateway.post('observation', 'application/x-ndjson', '{}', headers)
      expect(answer.statusCode).toBe(401)
    }
    const metrics = await gateway.metrics.scrape()
    for (const reason of ['unknown', 'wrong-secret', 'malformed', 'missing'])
      expect(metrics).toMatch(new RegExp(`chainon_gateway_failed_logins_total\\{[^}]*reason="${reason}"[^}]*\\} 1\n`))
    expect(metrics).not.toContain(id)
  } finally {
    await gateway.close()
  }
})

test('a key stores only what its scopes say, also inside a Bundle, and the answer names the scope', async () => {
  const gateway = await harness()
  try {
    const narrow = createKey(gateway.folder, 'chu-narrow', '', { scopes: ['write:observation'] })
    const authorization = `Bearer ${narrow.key}`
    const json = 'application/json'
    const own = await gateway.post('observation', json, JSON.stringify(observation(1)), { authorization })
    expect(own.statusCode).toBe(202)
    const other = await gateway.post('patient', json, '{}', { authorization })
    expect([other.statusCode, other.json<Problem>()]).toMatchObject([
      403,
      { code: 'key-scope', detail: expect.stringContaining('write:patient') },
    ])
    const subject = { reference: 'urn:uuid:1' }
    const entry = [
      {
        resource: {
          resourceType: 'Observation',
          id: 'o',
          subject,
          effectiveDateTime: '2024-01-01',
          code: { coding: [{ code: '718-7' }] },
          valueQuantity: { value: 1 },
        },
      },
      { fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient', id: 'x', birthDate: '1950-01-02' } },
    ]
    const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry })
    const mixed = await gateway.post('fhir', json, bundle, { authorization })
    expect([mixed.statusCode, mixed.json<Problem>()]).toMatchObject([403, { code: 'key-scope' }])
    expect(gateway.written).toHaveLength(1)
    const whole = await gateway.post('fhir', json, bundle)
    expect(whole.statusCode).toBe(202)
  } finally {
    await gateway.close()
  }
})

test('failures are answered more and more slowly; the key that they guess at is never slowed', async () => {
  expect([1, 10, 11, 12, 13, 16, 17, 1_000_000].map(delayMs)).toEqual([0, 0, 50, 100, 200, 1_600, 2_000, 2_000])
  const gateway = await harness({ maxSlowedLogins: 5 })
  const { promise, resolve } = Promise.withResolvers<void>()
  gateway.state.pause = promise
  try {
    const guess = `${gateway.key.slice(0, 17)}${'A'.repeat(43)}`
    const send = (key: string) =>
      gateway.post('observation', 'application/json', JSON.stringify(observation(1)), {
        authorization: `Bearer ${key}`,
      })
    const guesses = Array.from({ length: 30 }, () => send(guess))
    await expect.poll(() => gateway.state.pausing).toBe(5)
    expect((await send(gateway.key)).statusCode).toBe(202)
    const over = await send(guess)
    expect([over.statusCode, over.headers['retry-after']]).toEqual([429, '60'])
    resolve()
    const statuses = (await Promise.all(guesses)).map(({ statusCode }) => statusCode)
    expect(statuses.filter((status) => status === 401)).toHaveLength(15)
    expect(statuses.filter((status) => status === 429)).toHaveLength(15)
  } finally {
    resolve()
    await gateway.close()
  }
})

test('guesses from many addresses and at many keys occupy a bounded memory, and are forgotten after a minute', () => {
  let now = 0
  const counts = failureCounts(() => now)
  for (let i = 0; i < 50_000; i++) counts.add(`10.0.${i >> 8}.${i & 255}`)
  expect(counts.add('10.0.0.0')).toBe(1)
  expect(counts.add('10.0.0.0')).toBe(2)
  now = 60_000
  expect(counts.add('10.0.0.0')).toBe(1)
})

test('the addresses of one IPv6 network count as one sender', () => {
  const same = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:db8:1:2:a:b:c:d'].map(senderOf)
  expect(new Set(same)).toEqual(new Set(['2001:db8:1:2::/64']))
  expect(['::1', 'fe80::1%eth0', '::ffff:10.0.0.7', '10.0.0.7'].map(senderOf)).toEqual([
    '0:0:0:0::/64',
    'fe80:0:0:0::/64',
    '10.0.0.7',
    '10.0.0.7',
  ])
})

test('the last use of a key is kept to the hour', async () => {
  const gateway = await harness()
  try {
    const lastUsed = () => listKeys(gateway.folder)[0]?.last_used
    expect(lastUsed()).toBeUndefined()
    await gateway.post('observation', 'application/json', JSON.stringify(observation(1)))
    await expect.poll(lastUsed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00Z$/)
  } finally {
    await gateway.close()
  }
})

test('a flood of failures leaves few log lines, and none has a key or what was sent in the place of one', async () => {
  const gateway = await harness()
  try {
    const lines: string[] = []
    const entries: JournalEvent[] = []
    const logins = createLogins({
      keys: openKeyStore(gateway.folder, () => undefined),
      tokens: undefined,
      keyUse: { used: () => undefined },
      journal: { note: (event) => void entries.push(event) },
      uses: { used: () => undefined, stop: async () => undefined },
      metrics: gateway.metrics,
      logger: createLogger('test', 'info', { write: (line) => void lines.push(line) }),
      pause: async () => undefined,
      limits: { maxSlowedLogins: 1 },
    })
    const id = gateway.key.split('_')[1] ?? ''
    const guesses = ['DUPONT-1980', `chn_ffffffffffff_${'B'.repeat(43)}`, `chn_${id}_${'C'.repeat(43)}`]
    for (let i = 0; i < 300; i++) {
      const headers = { authorization: `Bearer ${guesses[i % 3]}` }
      await expect(logins.login(requestOf(headers, '10.0.0.9'))).rejects.toMatchObject({ status: 401 })
    }
    expect(lines.length).toBeLessThan(20)
    const log = lines.join('')
    expect(log).toContain('"sender":"10.0.0.9"')
    for (const secret of ['DUPONT', 'ffffffffffff', 'BBBB', 'CCCC', gateway.key]) expect(log).not.toContain(secret)
    // The journal has as few, and each of them fits its schema: no text of the sender can be in it.
    expect(entries.length).toBeLessThan(20)
    expect(entries.map(({ actor }) => actor)).toEqual(expect.arrayContaining(['unknown', `key:${id}`]))
    for (const entry of entries) expect(Check(JournalEvent, entry)).toBe(true)
    await logins.login(requestOf({ 'x-api-key': gateway.key }, '10.0.0.9'))
  } finally {
    await gateway.close()
  }
})

test('the journal has the use of a key by feed and hour: once in a request, whatever is in it', async () => {
  const gateway = await harness()
  const id = gateway.key.split('_')[1] ?? ''
  await gateway.post('observation', 'application/json', JSON.stringify([observation(1), observation(2)]))
  await gateway.post('observation', 'application/json', JSON.stringify(observation(3)))
  await gateway.app.inject({ url: '/v1/key', headers: { 'x-api-key': gateway.key } })
  await gateway.close()
  const uses = gateway.entries.map(({ actor, action, object, facts }) => [actor, action, object, facts])
  const facts = { producer: 'chu-test', hour: expect.any(String) as string, requests: 1 }
  expect(uses).toEqual([
    [`key:${id}`, 'key-use', 'feed:observation', facts],
    [`key:${id}`, 'key-use', 'own-key', facts],
    [`key:${id}`, 'key-use', 'feed:observation', facts],
  ])
})

test('the journal counts a use of each feed once in a request with many records of it', async () => {
  const gateway = await harness()
  const resource = (id: string) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    subject: { identifier: { value: '8000123' } },
    effectiveDateTime: '2024-01-01',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    valueQuantity: { value: 1 },
  })
  const entry = ['o1', 'o2', 'o3'].map((id) => ({ resource: resource(id) }))
  const body = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry })
  const response = await gateway.post('fhir', 'application/json', body)
  expect([response.statusCode, gateway.written.length]).toEqual([202, 3])
  await gateway.close()
  expect(gateway.entries).toMatchObject([{ object: 'feed:observation', facts: { requests: 1 } }])
})

test('when the gateway has stopped, the last use of every key is on the disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  const use = recordKeyUse(folder, () => undefined)
  const ids = Array.from({ length: 50 }, (_, at) => at.toString(16).padStart(12, '0'))
  for (const id of ids) use.used(id)
  await use.stop()
  const unwritten = ids.filter((id) => lastUse(folder, id) === undefined)
  rmSync(folder, { recursive: true })
  expect(unwritten).toEqual([])
})

test('senders without a number: the journal does not grow with them', async () => {
  const gateway = await harness()
  const logins = createLogins({
    keys: openKeyStore(gateway.folder, () => undefined),
    tokens: undefined,
    keyUse: { used: () => undefined },
    journal: { note: (event) => void gateway.entries.push(event) },
    uses: { used: () => undefined, stop: async () => undefined },
    metrics: gateway.metrics,
    logger: createLogger('test', 'fatal'),
    pause: async () => undefined,
    limits: { maxSlowedLogins: 1 },
  })
  for (let at = 0; at < 2000; at++) {
    const attempt = logins.login(requestOf({}, `10.0.${at >> 8}.${at & 255}`))
    await expect(attempt).rejects.toMatchObject({ status: 401 })
  }
  expect(gateway.entries.length).toBeLessThan(210)
  await gateway.close()
})
