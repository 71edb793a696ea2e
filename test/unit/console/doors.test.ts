/** What somebody who reaches the console's port may try without the operator's password. */
import { expect, test } from 'vitest'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildApp } from '../../../services/console/app.ts'
import { createHistory } from '../../../services/console/collectors/history.ts'
import { consoleConfig } from '../../../services/console/config.ts'
import { loadPage } from '../../../services/console/routes/page.ts'

test.fails('it does not listen beyond this machine without TLS or a declared proxy', () => {
  expect(() => consoleConfig({ CHAINON_HTTP_HOST: '0.0.0.0' })).toThrow(/CHAINON_TLS_CERT_FILE.*CHAINON_TRUSTED_PROXY/)
})

test.fails.each(['/api/snapshot', '/api/ledger', '/api/live', '/openapi.json'])('%s needs a login', async (path) => {
  const app = await buildApp({
    publisher: {
      history: createHistory(),
      latest: () => {
        throw new Error('read')
      },
      onSnapshot: () => undefined,
      stop: async () => undefined,
    },
    page: loadPage(),
    metrics: createMetrics('console'),
    alarms: createAlarms(),
    health: () => ({ status: 'ok' }),
  })
  try {
    expect((await app.inject({ url: path, payloadAsStream: true })).statusCode).toBe(401)
  } finally {
    await app.close()
  }
})
