/** Every listener is told each failure of its producer once and in order, whoever listens beside it, and however far behind it is. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createLogger } from '#core/telemetry/logger.ts'
import { endOf, isBefore, type Position, readPosition, textOf } from '../../../../services/gateway/failures/position.ts'
import type { Failure, FailureStore } from '../../../../services/gateway/failures/store.ts'
import { type Listener, watchFailures } from '../../../../services/gateway/failures/watch.ts'

const NOW = 1_700_000_000_000

function failure(producer: string, at: number, id: number): Failure {
  const position = { at: NOW + at, id: BigInt(id) }
  return {
    position,
    producer,
    state: 'quarantined',
    feed: 'death',
    rule: 'x',
    pointer: '',
    receiptId: undefined,
    indexes: [],
    receivedAt: undefined,
  }
}

function world(all: readonly Failure[]) {
  const state = { horizon: NOW, down: false, looks: 0 }
  const ordered = all.toSorted((a, b) => (isBefore(a.position, b.position) ? -1 : 1))
  const store: FailureStore = {
    async horizon() {
      if (state.down) throw new Error('down')
      return state.horizon
    },
    async after(producers, position, horizon, limit) {
      state.looks++
      return ordered
        .filter((one) => producers.includes(one.producer) && isBefore(position, one.position))
        .filter(({ position: { at } }) => at <= horizon)
        .slice(0, limit)
    },
  }
  return { store, state, ordered }
}

function listener(producer: string) {
  const told: Position[] = []
  const state = { ready: true, away: 0, reached: undefined as Position | undefined }
  const one: Listener = {
    producer,
    ready: () => state.ready,
    tell: ({ position }) => void told.push(position),
    reached: (position) => {
      state.reached = position
    },
    away: () => void state.away++,
  }
  return { one, told, state }
}

const logger = createLogger('test', 'fatal')

test('each is told what is new for it, once and in order, while others join behind', async () => {
  const times = fc.tuple(
    fc.constantFrom('a', 'b'),
    fc.integer({ min: -100_000, max: 9_000 }),
    fc.integer({ min: 0, max: 3 }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(times, { selector: String, maxLength: 60 }),
      fc.integer({ min: 0, max: 99_000 }),
      async (of, back) => {
        vi.useFakeTimers()
        const { store, state, ordered } = world(of.map(([producer, at, id]) => failure(producer, at, id)))
        const watch = watchFailures(store, logger, 10)
        const late = listener('a')
        const fresh = listener('b')
        await watch.listen(fresh.one, undefined)
        await vi.advanceTimersByTimeAsync(25)
        const from = endOf(NOW - back)
        await watch.listen(late.one, from)
        for (let ahead = 0; ahead <= 10; ahead++) {
          state.horizon = NOW + ahead * 1000
          await vi.advanceTimersByTimeAsync(10)
        }
        await vi.advanceTimersByTimeAsync(50)
        vi.useRealTimers()
        await watch.stop()
        const expected = (producer: string, after: Position) =>
          ordered
            .filter((one) => one.producer === producer && isBefore(after, one.position))
            .map(({ position }) => position)
        expect(late.told).toEqual(expected('a', from))
        expect(fresh.told).toEqual(expected('b', endOf(NOW)))
      },
    ),
    { numRuns: 50 },
  )
})

test('one look for all that are up to date; who does not read is not asked for and goes on later; a warehouse that is away is told', async () => {
  vi.useFakeTimers()
  const { store, state } = world([failure('a', 1, 1), failure('a', 2, 1)])
  const watch = watchFailures(store, logger, 10)
  const many = Array.from({ length: 20 }, () => listener('a'))
  for (const { one } of many) await watch.listen(one, undefined)
  const slow = many[0] as ReturnType<typeof listener>
  slow.state.ready = false
  state.horizon = NOW + 1
  await vi.advanceTimersByTimeAsync(15)
  expect(state.looks).toBe(1)
  expect([slow.told.length, many[1]?.told.length]).toEqual([0, 1])
  state.down = true
  await vi.advanceTimersByTimeAsync(10)
  expect([state.looks, slow.state.away, many[1]?.state.away]).toEqual([1, 1, 1])
  state.down = false
  slow.state.ready = true
  state.horizon = NOW + 2
  await vi.advanceTimersByTimeAsync(10)
  expect([slow.told.length, many[1]?.told.length]).toEqual([2, 2])
  expect(many[1]?.state.reached).toEqual(endOf(NOW + 2))
  vi.useRealTimers()
  await watch.stop()
})

test('a position from the future is now; the warehouse away refuses to listen', async () => {
  const { store, state } = world([failure('a', 5, 1)])
  const watch = watchFailures(store, logger, 5)
  const { one, told } = listener('a')
  const leave = await watch.listen(one, { at: NOW * 10, id: 0n })
  state.horizon = NOW + 10
  await expect.poll(() => told).toHaveLength(1)
  leave()
  state.down = true
  await expect(watch.listen(one, undefined)).rejects.toThrow('down')
  await watch.stop()
})

test('a position is its text, and other texts are none', () => {
  fc.assert(
    fc.property(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (at, id) => {
      expect(readPosition(textOf({ at, id }))).toEqual({ at, id })
    }),
  )
  for (const text of ['', '1', '1-', '-1', 'x-1', '1-18446744073709551616', '1-1 ', '1e3-1'])
    expect([text, readPosition(text)]).toEqual([text, undefined])
})
