import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REDIS_RIGHTS, type RedisUser, redisAcl } from '#core/redis/rights.ts'

const SERVICES = join(import.meta.dirname, '../../../../services')
/** `redis.call('GET'` and `call('GET'` of scripts, `redis.get(`, `redis.getBuffer(` and `redis.callBuffer('GET'` of programs. */
const CALLS = [/\bcall(?:Buffer)?\('([A-Za-z]+)'/g, /\b(?:redis|pipe|pipeline)\.([a-z]+)(?:Buffer)?\(/g]
/** Of the client library, or of scripts. */
const NO_COMMANDS = new Set(['call', 'disconnect', 'exec', 'on', 'off', 'pipeline', 'run', 'script', 'duplicate'])

function commandsOf(service: string): readonly string[] {
  const folder = join(SERVICES, service)
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.lua'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  const found = texts.flatMap((text) => CALLS.flatMap((call) => [...text.matchAll(call)].map(([, name = '']) => name)))
  return [...new Set(found.map((name) => name.toLowerCase()))].filter((name) => !NO_COMMANDS.has(name)).sort()
}

describe('the rights of a user of Redis', () => {
  it.each<RedisUser>(['gateway', 'curate', 'linker'])(
    '%s may call each command of its code and of its scripts',
    (user) => {
      const commands = commandsOf(user)
      expect(commands.length).toBeGreaterThan(8)
      const allowed: readonly string[] = REDIS_RIGHTS[user].commands
      expect(commands.filter((command) => !allowed.includes(command))).toEqual([])
    },
  )

  it('begin with none, and nobody without a password has any', () => {
    const lines = redisAcl((user) => `>${user}-password`, ['', 'other.'])
    expect(lines[0]).toBe('user default reset off')
    const gateway = lines.find((line) => line.startsWith('user gateway '))
    expect(gateway).toContain('reset on >gateway-password ~idem:* ~quota:* ~other.idem:* ~other.quota:* -@all +ping')
  })
})
