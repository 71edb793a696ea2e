/** The keys of linkage tokens where they are only read: what is there, what is another key, and that no file is made or changed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CLEAR, secretBox } from '#core/crypto/secret-box.ts'
import { storeSecret } from '#core/crypto/secrets.ts'
import { destroyRetiredTokenKeys, heldTokenSeeds } from '#core/custody/published-key.ts'
import { firstPublication, nextPublication, publishedVersions, retirement } from '#core/custody/token-chain.ts'
import { createLogger } from '#core/telemetry/logger.ts'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const messages = [...(await firstPublication(one)), await nextPublication('', 2, two, one)]
const published = publishedVersions('', messages)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const clear = async () => CLEAR

it('are those that are there; a missing folder asks for no key provider', async () => {
  const never = () => Promise.reject(new Error('asked'))
  expect(await heldTokenSeeds(join(folder, 'nowhere'), never, published)).toEqual(new Map())
  storeSecret(folder, 'linkage-tokens-2.key', two)
  expect(await heldTokenSeeds(folder, clear, published)).toEqual(new Map([[2, two]]))
  storeSecret(folder, 'linkage-tokens.key', one)
  expect((await heldTokenSeeds(folder, clear, published)).size).toBe(2)
})

it('are refused when one is another than the published one', async () => {
  storeSecret(folder, 'linkage-tokens.key', two)
  await expect(heldTokenSeeds(folder, clear, published)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('curate/linkage-tokens.key is not the one that was published'),
  })
})

it('stay as they are in the folder of another service, also where this one has a key provider', async () => {
  storeSecret(folder, 'linkage-tokens.key', one)
  const path = join(folder, 'linkage-tokens.key')
  const before = readFileSync(path, 'utf8')
  const seeds = await heldTokenSeeds(folder, async () => secretBox(Buffer.alloc(32, 9)), published)
  expect(seeds).toEqual(new Map([[1, one]]))
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual([before, ['linkage-tokens.key']])
})

it('are passed over when they are retired, and destroyed by who owns them', async () => {
  storeSecret(folder, 'linkage-tokens.key', one)
  storeSecret(folder, 'linkage-tokens-2.key', two)
  const later = publishedVersions('', [...messages, retirement('', 1, two)])
  expect(await heldTokenSeeds(folder, clear, later)).toEqual(new Map([[2, two]]))
  const logger = createLogger('rotate', 'fatal')
  expect(destroyRetiredTokenKeys(folder, published, logger)).toEqual([])
  expect(destroyRetiredTokenKeys(folder, later, logger)).toEqual(['curate/linkage-tokens.key'])
  expect(readdirSync(folder)).toEqual(['linkage-tokens-2.key'])
})
