import { describe, expect, it } from 'vitest'
import { describeFailure, errorCode } from '#core/faults/describe-failure.ts'

const failure = (name: string, code?: string, cause?: Error) =>
  Object.assign(new Error('secret 1850178006048', cause ? { cause } : {}), { name }, code === undefined ? {} : { code })

describe('describeFailure', () => {
  it.each([
    [failure('Error', 'ECONNREFUSED'), 'connection refused'],
    [failure('TypeError', undefined, failure('Error', 'ENOTFOUND')), 'unknown host name'],
    [failure('TimeoutError'), 'no answer in time'],
    [failure('ClickHouseError', '60'), 'ClickHouse rejected the query (code 60)'],
    [failure('KafkaJSConnectionError'), 'no answer from Kafka'],
    [failure('Error', 'EPIPE'), 'failed (EPIPE)'],
    [failure('Error'), 'failed'],
    ['secret 1850178006048', 'failed'],
  ])('%#', (error, words) => {
    expect(describeFailure(error)).toBe(words)
  })
})

describe('errorCode', () => {
  it('is a code and never a message', () => {
    const errors = [failure('Error', 'ENOSPC'), failure('Error'), 'secret 1850178006048']
    expect(errors.map(errorCode)).toEqual(['ENOSPC', 'error', 'error'])
  })
})
