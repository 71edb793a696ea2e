/** The versions of the key of first-level pseudonyms: each state that a register can be in, and what services do in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLEAR } from '#core/crypto/secret-box.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { fingerprintOf } from '#core/custody/registered-secret.ts'
import { destroyRetiredWraps, openWrap, openWritingWrap } from '#core/custody/wrap-keys.ts'
import { assertMayWrite, assertWraps, wrapKey, wrapStep, wrapVersions } from '#core/custody/wrap-versions.ts'
import { createLogger } from '#core/telemetry/logger.ts'

const key = wrapKey
const [inForce, rewritten, retired] = (['in force', 'rewritten', 'retired'] as const).map(
  (step) => (version: number) => wrapStep(version, step),
) as [(v: number) => string, (v: number) => string, (v: number) => string]
const rotating = expect.objectContaining({ code: 'key-rotation' })
const configuration = expect.objectContaining({ code: 'configuration' })

describe('wrapVersions', () => {
  it.each([
    [
      'an installation that never rotated',
      ['linkage/transport.key'],
      { inForce: 1, prepared: undefined, rewriting: false },
    ],
    ['made', [key(2)], { inForce: 1, prepared: 2, rewriting: false }],
    ['given up', [key(2), retired(2)], { inForce: 1, prepared: undefined, next: 3, rewriting: false }],
    ['in force', [key(2), inForce(2)], { inForce: 2, opening: [1, 2], rewriting: true }],
    ['rewritten', [key(2), inForce(2), rewritten(2)], { inForce: 2, rewriting: false, next: 3 }],
    ['the next one made', [key(2), inForce(2), rewritten(2), key(3)], { inForce: 2, prepared: 3, rewriting: false }],
    [
      'the next one in force',
      [key(2), inForce(2), rewritten(2), key(3), inForce(3)],
      { inForce: 3, opening: [1, 2, 3], rewriting: true },
    ],
    [
      'the former one retired',
      [key(2), inForce(2), rewritten(2), key(3), inForce(3), rewritten(3), retired(2)],
      { inForce: 3, opening: [1, 3], retired: [2], rewriting: false },
    ],
  ])('%s', (_, names, state) => {
    expect(wrapVersions(names)).toMatchObject(state)
  })
})

describe('a process', () => {
  const held = (...versions: readonly number[]) => new Set(versions)
  it('that writes pseudonyms waits while the log is written anew', () => {
    expect(() => assertMayWrite(wrapVersions([key(2), inForce(2)]))).toThrow(rotating)
    for (const names of [[], [key(2)], [key(2), inForce(2), rewritten(2)]])
      expect(() => assertMayWrite(wrapVersions(names))).not.toThrow()
  })
  it('ends when another version is in use than those that it has', () => {
    expect(() => assertWraps(wrapVersions([]), held())).not.toThrow()
    expect(() => assertWraps(wrapVersions([key(2)]), held())).not.toThrow()
    const two = wrapVersions([key(2), inForce(2)])
    expect(() => assertWraps(two, held())).toThrow(rotating)
    expect(() => assertWraps(two, held(2))).not.toThrow()
    const retiredTwo = wrapVersions([key(2), inForce(2), key(3), inForce(3), rewritten(3), retired(2)])
    expect(() => assertWraps(retiredTwo, held(2, 3))).toThrow(rotating)
    expect(() => assertWraps(retiredTwo, held(3))).not.toThrow()
  })
})

describe('a host', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const place = () => ({ folder, box: CLEAR })
  const registered = (version: number) =>
    [key(version), fingerprintOf(key(version), loadOrCreateSecret(folder, `pseudonym-wrap-${version}.key`))] as const

  it('needs no key before the first rotation, and makes none', async () => {
    expect((await openWritingWrap(place(), new Map())).wrap.version).toBe(1)
  })
  it('opens those in use, and does not start without one, or with another', async () => {
    const names = new Map([registered(2), [inForce(2), 'f'.repeat(16)]])
    const { wrap, held } = await openWrap(place(), names)
    expect([wrap.version, [...held]]).toEqual([2, [2]])
    await expect(openWritingWrap(place(), names)).rejects.toEqual(rotating)
    await expect(openWrap({ folder: join(folder, 'elsewhere'), box: CLEAR }, names)).rejects.toEqual(configuration)
    writeFileSync(join(folder, 'pseudonym-wrap-2.key'), `${'0'.repeat(64)}\n`)
    await expect(openWrap(place(), names)).rejects.toEqual(configuration)
  })
  it('destroys what is retired, once, and never the one in force', () => {
    const logger = createLogger('rotate', 'fatal')
    const names = new Map([registered(2), registered(3)])
    for (const step of [inForce(2), inForce(3), rewritten(3), retired(2), retired(3)]) names.set(step, 'f'.repeat(16))
    expect(destroyRetiredWraps(folder, names, logger)).toEqual([key(2)])
    expect(destroyRetiredWraps(folder, names, logger)).toEqual([])
  })
})
