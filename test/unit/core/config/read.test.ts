import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configurationPage } from '#core/config/document.ts'
import { KEY_GROUPS, KEYS } from '#core/config/keys.ts'
import { logLevel, readConfig, readGiven } from '#core/config/read.ts'
import { rightsPage } from '#core/config/rights-document.ts'

describe('readConfig', () => {
  it('shows every problem at once, without a secret’s value', () => {
    const env = { CHAINON_HTTP_PORT: '99999', KAFKA_TLS: 'perhaps', CHAINON_NAMESPASE: 'x', REDIS_URL: 'hunter2' }
    const read = () => readConfig('gateway', ['CHAINON_HTTP_PORT', 'KAFKA_TLS', 'REDIS_URL'], env)
    expect(read).toThrow(/CHAINON_HTTP_PORT must be an integer from 0 to 65535/)
    expect(read).toThrow(/KAFKA_TLS must be true or false/)
    expect(read).toThrow(/CHAINON_NAMESPASE is not a setting; did you mean CHAINON_NAMESPACE\?/)
    expect(read).toThrow(/REDIS_URL must be a URL/)
    expect(read).not.toThrow(/hunter2/)
  })

  it('uses defaults for what is absent or empty', () => {
    expect(readConfig('x', ['KAFKA_BROKERS', 'KAFKA_TLS'], { KAFKA_BROKERS: '' })).toEqual({
      KAFKA_BROKERS: ['127.0.0.1:9092'],
      KAFKA_TLS: false,
    })
  })

  it.each([
    ['CHAINON_PORT_REDSI', 'CHAINON_PORT_REDIS'],
    ['CHAINON_CLICKHOUSE_SESSION', 'CHAINON_CLICKHOUSE_SESSIONS'],
    ['_CHAINON_SUPERVISE', '_CHAINON_SUPERVISED'],
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['CLICKHOUSE_URI', 'CLICKHOUSE_URL'],
  ])('rejects %s with the nearest name', (misspelt, name) => {
    expect(() => readConfig('x', [], { [misspelt]: '1' })).toThrow(
      `${misspelt} is not a setting; did you mean ${name}?`,
    )
  })

  it('rejects an unknown name of Chainon, and ignores the variables of other programs', () => {
    expect(() => readConfig('x', [], { CHAINON_SOMETHING_ELSE: '' })).toThrow('CHAINON_SOMETHING_ELSE is not a setting')
    const others = { KAFKA_HEAP_OPTS: '', REDIS_PORT: '6379', CLICKHOUSE_HOST: 'x', PATH: '/bin', MY_CHAINON_NOTE: '' }
    expect(readConfig('x', [], others)).toEqual({})
  })
})

describe('readGiven', () => {
  it('has what the environment sets, without the defaults', () => {
    const env = { CHAINON_PORT_REDIS: '7000', REDIS_URL: '' }
    expect(readGiven('x', ['CHAINON_PORT_REDIS', 'CHAINON_PORT_KAFKA', 'REDIS_URL'], env)).toEqual({
      CHAINON_PORT_REDIS: 7000,
    })
    expect(() => readGiven('x', ['CHAINON_PORT_REDIS'], { CHAINON_PORT_REDIS: '0' })).toThrow(
      /CHAINON_PORT_REDIS must be an integer from 1 to 65535/,
    )
  })
})

describe('logLevel', () => {
  it('is info if none, or a wrong one, is set', () => {
    expect([{}, { CHAINON_LOG_LEVEL: 'loud' }, { CHAINON_LOG_LEVEL: 'debug' }].map(logLevel)).toEqual([
      'info',
      'info',
      'debug',
    ])
  })
})

describe('the table of settings', () => {
  it('has each variable in one group', () => {
    const names = KEY_GROUPS.flatMap(({ keys }) => Object.keys(keys))
    expect(names.toSorted()).toEqual(Object.keys(KEYS).toSorted())
  })

  it('has every variable that the code names, and no other', () => {
    const inCode = ['services', 'deploy', 'loadtest'].flatMap(namesIn)
    expect(inCode.filter((name) => name.includes('CHAINON_') && !(name in KEYS))).toEqual([])
    const named = new Set([...inCode, ...namesIn('test')])
    expect(Object.keys(KEYS).filter((name) => !named.has(name))).toEqual([])
  })
})

describe('deploy/CONFIGURATION.md', () => {
  it('is what the table of settings says (chainon config --write)', () => {
    expect(readFileSync('deploy/CONFIGURATION.md', 'utf8')).toBe(configurationPage())
    expect(readFileSync('deploy/RIGHTS.md', 'utf8')).toBe(rightsPage())
  })
})

/** @returns what looks like a variable in the code of a folder; the table itself is left out */
function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\.(ts|mjs|js)$/.test(path) && !path.includes('core/config/'))
    .flatMap((path) => readFileSync(path, 'utf8').match(/\b_?[A-Z]+_[A-Z0-9_]*[A-Z]\b/g) ?? [])
}
