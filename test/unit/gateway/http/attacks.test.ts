/** What a person without a key, or with a leaked one, may try at the gateway's door. */
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { revokeKey } from '#core/keys/admin.ts'
import { harness, observation } from '../harness.ts'

test.fails('a body that is still being sent when its key is revoked is not accepted', async () => {
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

test.fails('guessing keys is counted, by reason', async () => {
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
