import { expect, test } from 'vitest'
import { acceptGap, lostTile, refusal } from '#core/ledger/accept-gap.ts'
import { causes, expectedOrigins, type Gap } from '#core/ledger/gaps.ts'

const TOPIC = 'aaaaaaaaaaaaaaaaaaaaaa'
const OLDER = 'bbbbbbbbbbbbbbbbbbbbbb'
const tile = (incarnation: string, from: bigint, to: bigint, loadedAt = '2026-01-01T00:00:00Z') => ({
  incarnation,
  partition: 0,
  from,
  to,
  loadedAt,
})

test('the newest incarnation must have every origin that was passed, an earlier one only those up to its last tile', () => {
  const known = [tile(OLDER, 0n, 5n), tile(OLDER, 8n, 10n), tile(TOPIC, 0n, 20n)]
  expect(expectedOrigins(known, TOPIC, 30n)).toEqual([
    { incarnation: OLDER, tiledTo: 10n, missing: [{ from: 5n, to: 8n }] },
    { incarnation: TOPIC, tiledTo: 20n, missing: [{ from: 20n, to: 30n }] },
  ])
})

test('a log that was truncated counts again from the cut: what it had before is not expected beyond its last tile', () => {
  const again = `${TOPIC}/3@50`
  const known = [tile(TOPIC, 0n, 100n), tile(again, 60n, 60n, '')]
  expect(expectedOrigins(known, TOPIC, 60n)).toEqual([
    { incarnation: TOPIC, tiledTo: 100n, missing: [] },
    { incarnation: again, tiledTo: 50n, missing: [{ from: 50n, to: 60n }] },
  ])
})

test('a topic without a tile and without a message is expected from its first origin', () => {
  expect(expectedOrigins([], TOPIC, 3n)).toEqual([{ incarnation: TOPIC, tiledTo: 0n, missing: [{ from: 0n, to: 3n }] }])
})

test('a missing range is cut by where its records still are', () => {
  const found = causes([{ from: 0n, to: 10n }], [{ from: 2n, to: 3n }], [{ from: 6n, to: 20n }], true)
  expect(found).toEqual([
    { from: 2n, to: 3n, why: 'not-in-ledger' },
    { from: 6n, to: 10n, why: 'not-in-log' },
    { from: 0n, to: 2n, why: 'expired' },
    { from: 3n, to: 6n, why: 'expired' },
  ])
  expect(causes([{ from: 0n, to: 1n }], [], [], false)).toEqual([{ from: 0n, to: 1n, why: 'deleted' }])
})

const gap = (over: Partial<Gap>): Gap => ({
  id: 'death:x:0:10-20',
  feed: 'death',
  incarnation: TOPIC,
  partition: 0,
  from: 10n,
  to: 20n,
  why: 'expired',
  since: null,
  tiledTo: 10n,
  ...over,
})

test('only what is lost may be accepted, and the gaps of a partition in their order', () => {
  expect(refusal(gap({}))).toBeUndefined()
  expect(refusal(gap({ why: 'deleted', tiledTo: 40n }))).toBeUndefined()
  expect(refusal(gap({ why: 'not-in-log' }))).toContain('not lost')
  expect(refusal(gap({ why: 'not-in-ledger' }))).toContain('not lost')
  expect(refusal(gap({ tiledTo: 9n }))).toContain('in their order')
})

test('the tile of a gap has its records as lost, and no other outcome', () => {
  const { lost, loaded, rejected, quarantined } = lostTile(gap({}), { by: 'a', reason: 'b', at: 1 })
  expect([lost, loaded, rejected, quarantined]).toEqual(['10', 0, 0, 0])
})

test('a gap that is not lost is rejected before anything is written', async () => {
  const nothing = undefined as unknown as Parameters<typeof acceptGap>[0]
  await expect(acceptGap(nothing, gap({ why: 'not-in-log' }), { by: 'a', reason: 'b', at: 1 })).rejects.toThrow(
    'not lost',
  )
})
