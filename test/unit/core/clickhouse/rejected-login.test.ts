import { ClickHouseError } from '@clickhouse/client'
import { expect, test } from 'vitest'
import { rejectedLogin } from '#core/clickhouse/client.ts'

const error = (type: string, message: string) => new ClickHouseError({ code: '497', type, message })

test.each([
  [
    "operator: Not enough privileges. To execute this query, it's necessary to have the grant SELECT(feed, rule) ON chainon.quarantine. ",
    'the user of CLICKHOUSE_USER lacks SELECT(feed, rule) ON chainon.quarantine',
  ],
  ['Not enough privileges: a statement is not available', 'the user of CLICKHOUSE_USER lacks a right'],
])('a right that is lacking is named, and nothing else of the text is', (message, problem) => {
  const rejected = rejectedLogin(error('ACCESS_DENIED', message))
  expect(rejected?.message).toContain(problem)
  expect(rejected?.message).not.toMatch(/necessary|statement/)
})

test('an error of another kind is none of a login', () => {
  expect(rejectedLogin(error('UNKNOWN_TABLE', 'chainon.feed_x'))).toBeNull()
  expect(rejectedLogin(error('AUTHENTICATION_FAILED', 'x'))?.message).toContain('CLICKHOUSE_PASSWORD')
})
