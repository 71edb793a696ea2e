/** Which key encodings are sealed under, and which may have to be opened: each state in which a rotation may have been left. */
import { describe, expect, it } from 'vitest'
import { sealingKey, sealingStep, sealingVersions, TOKENS, TRANSPORT } from '#core/custody/sealing-versions.ts'
import { linkageOpener, linkageSeal, versionOf } from '#core/linkage/seal.ts'

const TOPIC = 'linkage.patient'
const transportKey = (version: number) => sealingKey(TRANSPORT, version)
const transportStep = (version: number, step: 'in force' | 'retired') => sealingStep(TRANSPORT, version, step)
const transportVersions = (names: readonly string[]) => sealingVersions(TRANSPORT, names)
const [first, made] = [transportKey(1), transportKey(2)]
const [used, retired] = [transportStep(2, 'in force'), transportStep(1, 'retired')]

describe('sealingVersions', () => {
  it.each([
    ['before all', [], { inForce: 1, opening: [1], retired: [], prepared: undefined, next: 2 }],
    [
      'before a rotation',
      [first, 'deidentify/sealing'],
      { inForce: 1, opening: [1], retired: [], prepared: undefined, next: 2 },
    ],
    ['prepared', [first, made], { inForce: 1, opening: [1], retired: [], prepared: 2, next: 3 }],
    ['in force', [first, made, used], { inForce: 2, opening: [1, 2], retired: [], prepared: undefined, next: 3 }],
    ['retired', [first, made, used, retired], { inForce: 2, opening: [2], retired: [1], prepared: undefined, next: 3 }],
    [
      'prepared again',
      [first, made, used, retired, transportKey(3)],
      { inForce: 2, opening: [2], retired: [1], prepared: 3, next: 4 },
    ],
    [
      'given up',
      [first, made, transportStep(2, 'retired')],
      { inForce: 1, opening: [1], retired: [2], prepared: undefined, next: 3 },
    ],
    [
      'given up, and another one in force',
      [first, made, transportStep(2, 'retired'), transportKey(3), transportStep(3, 'in force')],
      { inForce: 3, opening: [1, 3], retired: [2], prepared: undefined, next: 4 },
    ],
    [
      'two rotations',
      [first, made, used, transportKey(3), transportStep(3, 'in force')],
      { inForce: 3, opening: [1, 2, 3], retired: [], prepared: undefined, next: 4 },
    ],
  ])('%s', (_, names, versions) => {
    expect(transportVersions(names)).toEqual(versions)
    expect(transportVersions(names.toReversed())).toEqual(versions)
  })

  it('never retires the version in force, whatever the register says, nor reads names of other forms', () => {
    expect(transportVersions([first, retired])).toMatchObject({ inForce: 1, opening: [1], retired: [] })
    expect([sealingKey(TOKENS, 1), sealingKey(TOKENS, 2)]).toEqual([
      'curate/linkage-tokens.key',
      'curate/linkage-tokens-2.key',
    ])
    const others = [
      sealingStep(TOKENS, 2, 'in force'),
      'linkage/transport-0.key in force',
      'linkage/transport-70000.key',
      'x/linkage/transport-9.key',
    ]
    expect(transportVersions(others)).toMatchObject({ inForce: 1, prepared: undefined })
  })
})

describe('a message names the version of its key', () => {
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const [before, after] = [linkageSeal(one, TOPIC), linkageSeal(two, TOPIC, 2)]
  const plain = Buffer.from('an encoding')

  it('is of the first form under the first key, so that nothing changes by an update', () => {
    const sealed = before.seal(plain, '7')
    expect([sealed[0], versionOf(sealed), sealed.length]).toEqual([1, 1, 1 + 12 + plain.length + 16])
  })

  it('both are opened while both are held, and one that is not held opens nothing', () => {
    const both = linkageOpener(
      new Map([
        [1, one],
        [2, two],
      ]),
      TOPIC,
    )
    const sealed = [before.seal(plain, '7'), after.seal(plain, '7')]
    expect(sealed.map(versionOf)).toEqual([1, 2])
    expect(sealed.map((bytes) => both.open(bytes, '7'))).toEqual([plain, plain])
    const later = linkageOpener(new Map([[2, two]]), TOPIC)
    expect(sealed.map((bytes) => later.open(bytes, '7'))).toEqual([undefined, plain])
  })

  it('each changed bit, moved origin and cut is noticed, the version with it', () => {
    const both = linkageOpener(
      new Map([
        [1, one],
        [2, two],
      ]),
      TOPIC,
    )
    const sealed = after.seal(plain, '7')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(both.open(changed, '7'), String(bit)).toBeUndefined()
    }
    expect(both.open(sealed, '8')).toBeUndefined()
    for (let end = 0; end < sealed.length; end++) expect(both.open(sealed.subarray(0, end), '7')).toBeUndefined()
    expect([Buffer.alloc(0), Buffer.of(2), Buffer.of(3, 0, 1)].map(versionOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
