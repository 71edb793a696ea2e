import { expect, test } from 'vitest'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { tellOfNewRoutingKey } from '../../../../services/gateway/log/new-routing-key.ts'

async function told(hasRecords: () => Promise<boolean>) {
  const alarms = createAlarms()
  await tellOfNewRoutingKey(hasRecords, alarms, createLogger('gateway', 'silent'))
  return alarms.active()
}

test('a key that is made where records were accepted is an alarm', async () => {
  expect(await told(async () => true)).toMatchObject([
    { id: 'gateway-routing-key', code: 'routing-key-new', message: expect.stringContaining('were accepted before') },
  ])
})

test('the first key of an installation is none', async () => {
  expect(await told(async () => false)).toEqual([])
})

test('where Kafka does not say whether there are records, it is said that it is not known', async () => {
  expect(await told(async () => Promise.reject(new Error('away')))).toMatchObject([
    { code: 'routing-key-new', message: expect.stringContaining('is not known') },
  ])
})
