/** What a rotation refuses, and what it does when a key is lost: with the real files of secrets, and a register in memory. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyVersions, type RotationStep, secondLevelKey, stepName } from '#core/custody/key-versions.ts'
import { registeredSecret } from '#core/custody/registered-secret.ts'
import { retire } from '../../../../services/curate/rotate/retire.ts'
import { abandon, prepare, type RotationDependencies, rotate } from '../../../../services/curate/rotate/rotation.ts'
import { openSecondLevel } from '../../../../services/curate/second-level.ts'

let dir = ''
let known: Map<string, string>
/** Values of another version, by statement of the comparison. */
let others = 0

const register = {
  read: async () => known,
  register: async (name: string, fingerprint: string) => {
    if (!known.has(name)) known.set(name, fingerprint)
  },
}
const box = { open: (_: string, text: string) => text, seal: (_: string, text: string) => text, isStale: () => false }
const secret = (name: string) => registeredSecret(dir, name, register, box)
const file = (version: number) => join(dir, secondLevelKey(version).replace('curate/', ''))
const dependencies = {
  register,
  secret,
  namespace: '',
  feeds: [],
  redis: {
    set: async () => 'OK',
    eval: async () => 1,
  },
  clickhouse: {
    query: async ({ query }: { query: string }) => ({
      json: async () => (query.includes('countIf') ? [[others, others, others]] : []),
    }),
    command: async () => undefined,
  },
  onStep: () => undefined,
} as unknown as RotationDependencies
const left = async (version: number, ...steps: readonly RotationStep[]) => {
  await secret(secondLevelKey(version))
  for (const step of steps) await register.register(stepName(version, step), 'f')
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chainon-rotation-'))
  known = new Map()
  others = 0
  await secret(secondLevelKey(1))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('prepare', () => {
  it('makes the next key once, and curate goes on with the one in force', async () => {
    expect([await prepare(dependencies), await prepare(dependencies)]).toEqual([2, 2])
    expect(existsSync(file(2))).toBe(true)
    expect((await openSecondLevel(dir, register, box)).version).toBe(1)
  })

  it('makes none on a host that does not have the key in force', async () => {
    rmSync(file(1))
    await expect(prepare(dependencies)).rejects.toThrow('curate/pseudonym-level2.key is missing')
    expect(existsSync(file(2))).toBe(false)
  })
})

describe('a new key that is lost or another one', () => {
  it.each([
    ['lost', () => rmSync(file(2)), 'curate/pseudonym-level2-2.key is missing'],
    [
      'another one',
      () => writeFileSync(file(2), `${'a'.repeat(64)}\n`, { mode: 0o600 }),
      'is not the one of this installation',
    ],
  ])('%s: it does not go on, and is given up', async (_, damage, message) => {
    await left(2, 'begun')
    damage()
    await expect(rotate(dependencies)).rejects.toThrow(message)
    await expect(openSecondLevel(dir, register, box)).rejects.toMatchObject({ code: 'key-rotation' })
    expect(await abandon(dependencies)).toBe(2)
    expect((await openSecondLevel(dir, register, box)).version).toBe(1)
    // Its version is not used again.
    expect(await prepare(dependencies)).toBe(3)
  })

  it('is not given up once rows may have been replaced', async () => {
    await left(2, 'begun', 'switching')
    await expect(abandon(dependencies)).rejects.toThrow('version 2 already')
    await expect(openSecondLevel(dir, register, box)).rejects.toMatchObject({ code: 'key-rotation' })
  })
})

describe('retire', () => {
  it('destroys the keys of former versions, and names values that are of another one', async () => {
    await left(2, 'begun', 'switching', 'in force')
    others = 3
    await expect(retire(dependencies, dir)).rejects.toThrow(
      'person_link.patient_id has 3 values that are not of version 2',
    )
    expect(existsSync(file(1))).toBe(true)
    others = 0
    expect(await retire(dependencies, dir)).toEqual({ inForce: 2, versions: [1] })
    expect([existsSync(file(1)), existsSync(file(2))]).toEqual([false, true])
    expect([...keyVersions(known.keys()).retired]).toEqual([1])
    expect((await openSecondLevel(dir, register, box)).version).toBe(2)
  })

  it.each(['begun', 'switching'] as const)('destroys nothing while a rotation has %s', async (step) => {
    await left(2, step)
    await expect(retire(dependencies, dir)).rejects.toThrow('the rotation to version 2 is open')
    expect(existsSync(file(1))).toBe(true)
  })
})
