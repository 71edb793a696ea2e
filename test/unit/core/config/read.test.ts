import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configurationPage } from '#core/config/document.ts'
import { readConfig } from '#core/config/read.ts'

describe('readConfig', () => {
  it('tells every problem at once, without a secret’s value', () => {
    const env = { CHAINON_HTTP_PORT: '99999', KAFKA_TLS: 'perhaps', CHAINON_NAMESPASE: 'x', REDIS_URL: 'hunter2' }
    const read = () => readConfig('gateway', ['CHAINON_HTTP_PORT', 'KAFKA_TLS', 'REDIS_URL'], env)
    expect(read).toThrow(/CHAINON_HTTP_PORT must be an integer from 0 to 65535/)
    expect(read).toThrow(/KAFKA_TLS must be true or false/)
    expect(read).toThrow(/CHAINON_NAMESPASE is not a setting; did you mean CHAINON_NAMESPACE\?/)
    expect(read).toThrow(/REDIS_URL must be a URL/)
    expect(read).not.toThrow(/hunter2/)
  })

  it('takes defaults for what is absent or empty', () => {
    expect(readConfig('x', ['KAFKA_BROKERS', 'KAFKA_TLS'], { KAFKA_BROKERS: '' })).toEqual({
      KAFKA_BROKERS: ['127.0.0.1:9092'],
      KAFKA_TLS: false,
    })
  })
})

describe('deploy/CONFIGURATION.md', () => {
  it('is what the table of settings says (chainon config --write)', () => {
    expect(readFileSync('deploy/CONFIGURATION.md', 'utf8')).toBe(configurationPage())
  })
})
