/** The routing key is made once: a gateway that has lost it, or has another, does not start, and the command that replaces it is the only way to another. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { CLEAR } from '#core/crypto/secret-box.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import type { LogProducer } from '../../../../services/gateway/log/producer.ts'
import { openRoutingKey, replaceRoutingKey } from '../../../../services/gateway/log/routing-key.ts'
import { routingKeyGate } from '../../../../services/gateway/log/routing-key-gate.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const host = (name: string) => join(folder, name)

/** As the topic does, it keeps the first entry of a name. */
function registerOf(): KeyRegister & { readonly known: Map<string, string>; away: boolean } {
  const known = new Map<string, string>()
  const register = {
    known,
    away: false,
    async read() {
      if (register.away) throw new ChainonError('dependency-unavailable', 'Kafka is away')
      return new Map(known)
    },
    async register(name: string, fingerprint: string) {
      if (!known.has(name)) known.set(name, fingerprint)
    },
  }
  return register
}

type Register = ReturnType<typeof registerOf>

async function start(name: string, register: Register, records = false): Promise<Buffer> {
  const key = await openRoutingKey({ dir: host(name), box: CLEAR, register, hasRecords: async () => records })
  await key.compare()
  return key.secret
}

test('the first gateway makes the key and registers it; it starts again, and so does one with a copy', async () => {
  const register = registerOf()
  const secret = await start('a', register)
  expect([...register.known]).toEqual([['gateway/routing.key', expect.stringMatching(/^[0-9a-f]{16}$/)]])
  expect(await start('a', register, true)).toEqual(secret)
  cpSync(host('a'), host('b'), { recursive: true })
  expect(await start('b', register, true)).toEqual(secret)
  expect(register.known.size).toBe(1)
})

test('a gateway without the key of the installation makes none, and says which is missing and what to do', async () => {
  const register = registerOf()
  await start('a', register)
  const failed = start('wrong-mount', register)
  await expect(failed).rejects.toThrow(ConfigurationError)
  await expect(failed).rejects.toThrow(
    new RegExp(`routing.key is missing.*${register.known.get('gateway/routing.key')}.*rotate-routing`, 's'),
  )
  expect(existsSync(host('wrong-mount'))).toBe(false)
})

test('nor one whose installation has accepted records before keys were registered', async () => {
  const register = registerOf()
  await expect(start('a', register, true)).rejects.toThrow(
    /routing.key is missing.*records were accepted.*rotate-routing/s,
  )
  expect([existsSync(host('a')), register.known.size]).toEqual([false, 0])
})

test('nor one that cannot ask; an installation of before registers the key that it has', async () => {
  const register = registerOf()
  register.away = true
  await expect(start('a', register)).rejects.toMatchObject({ code: 'dependency-unavailable' })
  expect(existsSync(host('a'))).toBe(false)
  register.away = false
  const secret = loadOrCreateSecret(host('b'), 'routing.key')
  expect(await start('b', register, true)).toEqual(secret)
  expect(register.known.size).toBe(1)
})

test('a gateway with another key does not start, and says both fingerprints', async () => {
  const register = registerOf()
  await start('a', register)
  loadOrCreateSecret(host('b'), 'routing.key')
  await expect(start('b', register)).rejects.toThrow(
    new RegExp(`is not the one of this installation.*${register.known.get('gateway/routing.key')}`, 's'),
  )
})

test('the command replaces the key: the former one does not start any more, also where it was lost, and where the command is started again', async () => {
  const register = registerOf()
  await start('a', register)
  cpSync(host('a'), host('former'), { recursive: true })
  const replace = () => replaceRoutingKey(host('a'), CLEAR, register)
  expect(await replace()).toMatchObject({ version: 2 })
  const second = await start('a', register, true)
  await expect(start('former', register)).rejects.toThrow(/routing.key/)
  // It was killed after it had written the file: what is registered has no file anywhere.
  rmSync(host('a'), { recursive: true })
  expect(await replace()).toMatchObject({ version: 3 })
  expect((await start('a', register, true)).equals(second)).toBe(false)
})

/** A gate, with what it told, and a producer behind it. */
async function gated(name: string, register: Register) {
  loadOrCreateSecret(host(name), 'routing.key')
  const key = await openRoutingKey({ dir: host(name), box: CLEAR, register, hasRecords: async () => true })
  const alarms = createAlarms()
  const failures: unknown[] = []
  const told: string[] = []
  const gate = routingKeyGate({
    compare: async () => {
      told.push('compare')
      await key.compare()
    },
    alarms,
    logger: createLogger('gateway', 'silent'),
    fail: (error) => void failures.push(error),
    pauseMs: 1,
  })
  onTestFinished(() => gate.stop())
  const producer = {
    connect: async () => void told.push('connect'),
    disconnect: async () => void told.push('disconnect'),
  } as unknown as LogProducer
  return { gate, alarms, failures, told, producer: () => gate.behind(producer) }
}

test('no connection is made before the key is compared', async () => {
  const register = registerOf()
  await start('a', register)
  const { gate, told, alarms, producer } = await gated('a', register)
  await Promise.all([producer().connect(), producer().connect(), gate.atStart()])
  expect([told, alarms.active()]).toEqual([['compare', 'connect', 'connect'], []])
})

test('where it cannot be compared the gateway goes on with an alarm, and asks again until it can', async () => {
  const register = registerOf()
  await start('a', register)
  register.away = true
  const { gate, alarms, failures, producer } = await gated('a', register)
  await gate.atStart()
  await producer().connect()
  expect(alarms.active()).toMatchObject([{ id: 'gateway-routing-key', code: 'dependency-unavailable' }])
  register.away = false
  await expect.poll(() => alarms.active()).toEqual([])
  expect(failures).toEqual([])
})

test('another key ends the gateway as soon as that is known', async () => {
  const register = registerOf()
  await start('a', register)
  register.away = true
  const { gate, failures, told, producer } = await gated('b', register)
  await gate.atStart()
  register.away = false
  await expect.poll(() => failures).toMatchObject([{ code: 'configuration' }])
  await expect(producer().connect()).rejects.toThrow(ConfigurationError)
  expect(failures).toHaveLength(1)
  expect(told).not.toContain('connect')
})

test('another key at the start is an error of the start', async () => {
  const register = registerOf()
  await start('a', register)
  const { gate, failures } = await gated('b', register)
  await expect(gate.atStart()).rejects.toThrow(ConfigurationError)
  expect(failures).toEqual([])
})

test('a producer that is given up while the key is compared makes no connection', async () => {
  const register = registerOf()
  await start('a', register)
  const { told, producer } = await gated('a', register)
  const given = producer()
  const connecting = given.connect()
  await given.disconnect()
  await connecting
  expect(told).toEqual(['compare', 'disconnect'])
})
