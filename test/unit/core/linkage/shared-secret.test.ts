/** The secrets of encodings on hosts of `deidentify` and of the linker: what a rotation, and whatever is left half done of it, does to each. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { backUp, restore } from '#core/custody/backup.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { sealingStep, TRANSPORT } from '#core/custody/sealing-versions.ts'
import {
  destroyRetired,
  giveUpPrepared,
  ownTransportSecret,
  prepareTransport,
  retireFormer,
  sharedTransportSecrets,
  usePrepared,
} from '#core/linkage/shared-secret.ts'
import { createLogger } from '#core/telemetry/logger.ts'

const logger = createLogger('rotate', 'fatal')
let folder: string
let register: KeyRegister & { readonly known: Map<string, string> }
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  const known = new Map<string, string>()
  register = {
    known,
    read: async () => new Map(known),
    async register(name, fingerprint) {
      if (!known.has(name)) known.set(name, fingerprint)
    },
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

const KEYS = ['CHAINON_LINKAGE_SECRETS_DIR', 'CHAINON_DATA_DIR', ...PROVIDER_KEYS] as const
function hostOf(name: string, providerKey?: string) {
  const provider =
    providerKey === undefined ? {} : { CHAINON_KEY_PROVIDER: 'environment', CHAINON_SECRETS_KEY: providerKey }
  return readConfig('test', KEYS, {
    CHAINON_LINKAGE_SECRETS_DIR: join(folder, name),
    CHAINON_DATA_DIR: folder,
    ...provider,
  })
}
const [own, linker] = [() => hostOf('deidentify'), () => hostOf('linker')]
const filesOf = (host: ReturnType<typeof hostOf>) => readdirSync(host.CHAINON_LINKAGE_SECRETS_DIR).toSorted()
const copy = (file: string) =>
  cpSync(join(folder, 'deidentify', file), join(folder, 'linker', file), { preserveTimestamps: true })
const opened = async () => [...(await sharedTransportSecrets(linker(), register)).keys()]
const configuration = expect.objectContaining({ code: 'configuration' })

async function begun(): Promise<void> {
  await ownTransportSecret(own(), register)
  copy('transport.key')
  await prepareTransport(own(), register)
}

describe('a rotation', () => {
  it('makes the key, uses it, and destroys the former one on each host', async () => {
    await begun()
    expect([await ownTransportSecret(own(), register), await opened()]).toEqual([
      { version: 1, secret: expect.any(Buffer) },
      [1],
    ])
    copy('transport-2.key')
    expect(await usePrepared(own(), register)).toBe(2)
    const { version, secret } = await ownTransportSecret(own(), register)
    expect(version).toBe(2)
    expect((await sharedTransportSecrets(linker(), register)).get(2)).toEqual(secret)
    expect(await opened()).toEqual([1, 2])
    expect(await destroyRetired(own(), register, logger)).toEqual([])
    expect(await retireFormer(register)).toEqual([1])
    for (const host of [own(), linker()]) {
      expect(await destroyRetired(host, register, logger)).toEqual(['linkage/transport.key'])
      expect(await destroyRetired(host, register, logger)).toEqual([])
      expect(filesOf(host)).toEqual(['transport-2.key'])
    }
    expect(await opened()).toEqual([2])
    expect(await prepareTransport(own(), register)).toBe(3)
  })

  it('goes on where it was killed, and a step that is done twice changes nothing', async () => {
    await begun()
    expect(await prepareTransport(own(), register)).toBe(2)
    expect(filesOf(own())).toEqual(['transport-2.key', 'transport.key'])
    expect(await usePrepared(own(), register)).toBe(2)
    // Killed before it said so, and started again: it does not make a third one.
    await expect(usePrepared(own(), register)).rejects.toEqual(configuration)
    expect(filesOf(own())).toEqual(['transport-2.key', 'transport.key'])
    expect(await retireFormer(register)).toEqual([1])
    expect(await retireFormer(register)).toEqual([])
  })

  it('is refused when nothing is prepared, so that no host is without the key that comes into force', async () => {
    await ownTransportSecret(own(), register)
    await expect(usePrepared(own(), register)).rejects.toThrow('--prepare first')
    expect([...register.known.keys()]).toEqual(['linkage/transport.key'])
  })
})

describe('a host', () => {
  it('of the linker that lacks the key in force, or has another one, does not start', async () => {
    await begun()
    await usePrepared(own(), register)
    await expect(opened()).rejects.toThrow('transport-2.key is missing')
    cpSync(join(folder, 'linker/transport.key'), join(folder, 'linker/transport-2.key'))
    await expect(opened()).rejects.toThrow('is not the one of this installation')
  })

  it('of deidentify that lost the new key makes no other in its place; one that is not in force yet is given up', async () => {
    await begun()
    rmSync(join(folder, 'deidentify/transport-2.key'))
    for (const step of [prepareTransport, usePrepared])
      await expect(step(own(), register)).rejects.toThrow('transport-2.key is missing')
    expect(await ownTransportSecret(own(), register)).toMatchObject({ version: 1 })
    expect(await giveUpPrepared(register)).toBe(2)
    await expect(giveUpPrepared(register)).rejects.toEqual(configuration)
    expect(await prepareTransport(own(), register)).toBe(3)
    expect([await usePrepared(own(), register), await retireFormer(register)]).toEqual([3, [1]])
  })

  it('destroys nothing that is in force, whatever the register says', async () => {
    await begun()
    register.known.set(sealingStep(TRANSPORT, 1, 'retired'), 'f'.repeat(16))
    expect(await destroyRetired(own(), register, logger)).toEqual([])
    // Who writes a version that nobody made keeps the service from starting: it does not come as far as destroying.
    register.known.set(sealingStep(TRANSPORT, 9, 'in force'), 'f'.repeat(16))
    register.known.set('linkage/transport-9.key', 'f'.repeat(16))
    await expect(ownTransportSecret(own(), register)).rejects.toThrow('transport-9.key is missing')
    await expect(opened()).rejects.toEqual(configuration)
    expect(existsSync(join(folder, 'deidentify/transport.key'))).toBe(true)
  })

  it('starts where a retired key cannot be removed', async () => {
    await begun()
    await usePrepared(own(), register)
    await retireFormer(register)
    rmSync(join(folder, 'deidentify/transport.key'))
    mkdirSync(join(folder, 'deidentify/transport.key'))
    expect(await destroyRetired(own(), register, logger)).toEqual([])
    expect(await ownTransportSecret(own(), register)).toMatchObject({ version: 2 })
  })
})

describe('with a key provider', () => {
  const sealed = (name: string) => hostOf(name, 'ab'.repeat(32))

  it('each version is sealed, and both services open it', async () => {
    const host = sealed('both')
    const first = await ownTransportSecret(host, register)
    await prepareTransport(host, register)
    await usePrepared(host, register)
    for (const file of ['transport.key', 'transport-2.key'])
      expect(readFileSync(join(host.CHAINON_LINKAGE_SECRETS_DIR, file), 'utf8')).toMatch(/^chainon-sealed-1:/)
    const second = await ownTransportSecret(host, register)
    expect([...(await sharedTransportSecrets(host, register))]).toEqual([
      [1, first.secret],
      [2, second.secret],
    ])
  })

  it('the key is opened after it was restored from shares', async () => {
    const [from, to] = [hostOf('from'), sealed('to')]
    const made = await ownTransportSecret(from, register)
    const shares = join(folder, 'shares')
    const how = { of: 3, need: 2 }
    const source = () => from.CHAINON_LINKAGE_SECRETS_DIR
    const files = await backUp('linkage/transport.key', source, shares, how, '2026-01-01T00:00:00Z')
    await restore(
      files.slice(1),
      () => to.CHAINON_LINKAGE_SECRETS_DIR,
      false,
      (of) => openSecretBox(to, of),
    )
    expect(await ownTransportSecret(to, register)).toEqual(made)
  })
})
