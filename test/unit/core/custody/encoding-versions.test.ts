/** The versions of encodings and of the linkage index: each state that a register can be in, and what services do in it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLEAR } from '#core/crypto/secret-box.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import {
  assertEncodes,
  assertNotMoving,
  encodingKey,
  encodingSecrets,
  encodingStep,
  encodingVersions,
  indexKey,
  indexRetired,
  versionBefore,
} from '#core/custody/encoding-versions.ts'
import { fingerprintOf } from '#core/custody/registered-secret.ts'

const key = encodingKey
const [moving, inForce, givenUp] = (['moving', 'in force', 'given up'] as const).map(
  (step) => (version: number) => encodingStep(version, step),
) as [(v: number) => string, (v: number) => string, (v: number) => string]
const moved = (version: number) => [key(version), moving(version), inForce(version)]
const rotating = expect.objectContaining({ code: 'key-rotation' })
const configuration = expect.objectContaining({ code: 'configuration' })

describe('encodingVersions', () => {
  it.each([
    [
      'never rotated',
      ['linkage/transport.key'],
      { inForce: 1, chain: [], prepared: undefined, moving: false, next: 2 },
    ],
    ['made', [key(2), indexKey(2)], { inForce: 1, prepared: 2, moving: false }],
    ['moving', [key(2), moving(2)], { inForce: 1, prepared: 2, moving: true }],
    ['given up', [key(2), moving(2), givenUp(2)], { inForce: 1, prepared: undefined, moving: false, next: 3 }],
    ['in force', moved(2), { inForce: 2, chain: [2], prepared: undefined, moving: false }],
    ['retired', [...moved(2), indexRetired(1)], { inForce: 2, chain: [2], retired: new Set([1]) }],
    ['the next one moving', [...moved(2), key(3), moving(3)], { inForce: 2, chain: [2], prepared: 3, moving: true }],
    [
      'one given up between',
      [...moved(2), key(3), givenUp(3), ...moved(4), indexRetired(2)],
      { inForce: 4, chain: [2, 4], retired: new Set([2]), next: 5 },
    ],
  ])('%s', (_, names, state) => {
    expect(encodingVersions(names)).toMatchObject(state)
  })
  it('no register takes a step out of the chain, nor the index in force', () => {
    const lied = encodingVersions([...moved(2), ...moved(3), givenUp(2), givenUp(3), indexRetired(3)])
    expect([lied.inForce, lied.chain, [...lied.retired]]).toEqual([3, [2, 3], []])
  })
  it('a version is led from the one before that was in force', () => {
    const versions = encodingVersions([...moved(2), key(3), givenUp(3), ...moved(4)])
    expect([2, 4, 5].map((version) => versionBefore(versions, version))).toEqual([1, 2, 4])
  })
})

describe('a process', () => {
  it('that writes the index waits while it moves, and one that encodes goes on until another version is in force', () => {
    const during = encodingVersions([key(2), moving(2)])
    expect(() => assertNotMoving(during)).toThrow(rotating)
    expect(() => assertEncodes(during, 1)).not.toThrow()
    const after = encodingVersions(moved(2))
    expect(() => assertNotMoving(after)).not.toThrow()
    expect(() => assertEncodes(after, 1)).toThrow(rotating)
    expect(() => assertEncodes(after, 2)).not.toThrow()
  })
})

describe('a host', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chainon-encodings-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const named = (version: number, fingerprint: string) =>
    new Map(moved(version).map((name) => [name, fingerprint] as const))

  it('has the secret of each step, and does not start without one, or with another one', async () => {
    const secret = loadOrCreateSecret(folder, 'encoding-wrap-2.key')
    const place = { folder, box: CLEAR }
    expect(await encodingSecrets(place, named(2, fingerprintOf(key(2), secret)))).toEqual(new Map([[2, secret]]))
    await expect(encodingSecrets(place, named(2, '0'.repeat(16)))).rejects.toThrow(configuration)
    await expect(encodingSecrets(place, named(3, '0'.repeat(16)))).rejects.toThrow(/encoding-wrap-3\.key is missing/)
    expect(await encodingSecrets(place, new Map([[key(3), '0'.repeat(16)]]))).toEqual(new Map())
  })
})
