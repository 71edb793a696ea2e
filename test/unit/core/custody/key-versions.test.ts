/** Which version of the second-level key is in force, by what the register has: each state in which a rotation may have been left. */
import { describe, expect, it } from 'vitest'
import {
  assertVersionInForce,
  keyVersions,
  mayLoad,
  type RotationStep,
  secondLevelKey,
  stepName,
} from '#core/custody/key-versions.ts'

const names = (version: number, ...steps: readonly RotationStep[]) => [
  secondLevelKey(version),
  ...steps.map((step) => stepName(version, step)),
]
const registerOf = (all: readonly string[]) => ({ read: async () => new Map(all.map((name) => [name, 'f'])) })

describe('keyVersions', () => {
  it('is version 1 before the first rotation, whatever else the register has', () => {
    for (const others of [
      [],
      [secondLevelKey(1)],
      [secondLevelKey(1), 'extract/project-p1.key', 'curate/linkage-tokens.key'],
    ])
      expect(keyVersions(others)).toEqual({ inForce: 1, open: undefined, next: 2, retired: new Set() })
  })

  it.each([
    [[], 'prepared', true],
    [['begun'], 'begun', false],
    [['begun', 'switching'], 'switching', false],
  ] as const)('after %j: the rotation is %s', (steps, phase, loads) => {
    const versions = keyVersions(names(2, ...steps))
    expect(versions).toMatchObject({ inForce: 1, open: { version: 2, phase }, next: 3 })
    expect(mayLoad(versions)).toBe(loads)
  })

  it('does not use the version of an abandoned rotation again', () => {
    const abandoned = names(2, 'begun', 'abandoned')
    expect(keyVersions(abandoned)).toMatchObject({ inForce: 1, open: undefined, next: 3 })
    expect(keyVersions([...abandoned, ...names(3, 'begun', 'switching', 'in force')])).toMatchObject({
      inForce: 3,
      next: 4,
    })
    // Its key was lost before it was registered anywhere but in the step.
    expect(keyVersions([stepName(2, 'abandoned')])).toMatchObject({ inForce: 1, next: 3 })
  })

  it('knows which keys were destroyed', () => {
    expect(keyVersions([...names(2, 'begun', 'switching', 'in force'), stepName(1, 'retired')])).toMatchObject({
      inForce: 2,
      retired: new Set([1]),
    })
  })

  it('reads no register with two open rotations', () => {
    expect(() => keyVersions([...names(2, 'begun'), ...names(3, 'begun')])).toThrow('2 open rotations')
  })
})

describe('assertVersionInForce', () => {
  it('lets the version in force load, also while the next key is only prepared', async () => {
    await expect(assertVersionInForce(registerOf(names(2)), 1)).resolves.toBeUndefined()
    await expect(
      assertVersionInForce(registerOf(names(2, 'begun', 'switching', 'in force')), 2),
    ).resolves.toBeUndefined()
  })

  it.each([
    ['a rotation has begun', names(2, 'begun'), 1],
    ['rows are replaced', names(2, 'begun', 'switching'), 2],
    ['another version is in force', names(2, 'begun', 'switching', 'in force'), 1],
  ])('stops a worker when %s', async (_, register, version) => {
    await expect(assertVersionInForce(registerOf(register), version)).rejects.toMatchObject({ code: 'key-rotation' })
  })
})
