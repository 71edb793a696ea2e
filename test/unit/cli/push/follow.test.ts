/** What `push` and `receipt` make of the gateway's answers: they ask until nothing is on its way, and no longer than the bound. */
import { expect, test } from 'vitest'
import type { ReceiptAnswer, ReceiptQuestion } from '#core/gateway-api/receipt-client.ts'
import type { RecordState } from '#core/gateway-api/receipt-states.ts'
import { follow, followView, statesText, sumStates } from '../../../../services/cli/push/follow.ts'

const record = (index: number, state: RecordState['state']): RecordState => ({ index, feed: 'observation', state })

function told(records: readonly RecordState[], next?: number): ReceiptAnswer {
  const times = { received_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-01-08T00:00:00.000Z' }
  const counts = { accepted: records.length, refused: 0, states: {} }
  return {
    kind: 'told',
    receipt: {
      receipt_id: `rcp_${'A'.repeat(22)}`,
      ...times,
      ...counts,
      records,
      ...(next === undefined ? {} : { next }),
    },
  }
}
const untold = (code: string, again: boolean): ReceiptAnswer => ({ kind: 'untold', code, why: code, again })

/** A gateway that gives these answers, one after the other and the last one for ever, on a clock of its own. */
function answering(answers: readonly ReceiptAnswer[], longestMs = 60_000) {
  const asked: ReceiptQuestion[] = []
  const clock = { now: 0 }
  const options = {
    client: {
      receipt: async (_id: string, question: ReceiptQuestion) => {
        asked.push(question)
        return answers[Math.min(asked.length, answers.length) - 1] as ReceiptAnswer
      },
      close: () => undefined,
    },
    deadline: longestMs,
    now: () => clock.now,
    pause: async (ms: number) => void (clock.now += ms),
  }
  return { options, asked, clock }
}

test('it asks until no record is on its way, through all pages', async () => {
  const first = told([record(0, 'loaded'), record(1, 'accepted')])
  const { options, asked } = answering([first, told([record(0, 'replaced')], 1), told([record(1, 'quarantined')])])
  expect(await follow('r', options)).toEqual({
    states: { replaced: 1, quarantined: 1 },
    failed: [record(1, 'quarantined')],
  })
  expect(asked).toEqual([{ from: 0 }, { from: 0 }, { from: 1 }])
})

test('it ends at the bound, with what is then known', async () => {
  const { options, clock } = answering([told([record(0, 'accepted'), record(1, 'refused')])], 10_000)
  expect(await follow('r', options)).toEqual({ states: { accepted: 1 }, failed: [] })
  expect(clock.now).toBeLessThanOrEqual(10_000)
})

test('it asks again where a later answer may say more, and not where none will', async () => {
  const soon = answering([
    untold('no-receipt', true),
    untold('dependency-unavailable', true),
    told([record(0, 'lost')]),
  ])
  expect((await follow('r', soon.options)).states).toEqual({ lost: 1 })
  const never = answering([untold('key-scope', false)])
  expect(await follow('r', never.options)).toEqual({ states: {}, failed: [], untold: 'key-scope' })
  expect(never.asked).toHaveLength(1)
})

test('counts are summed and told, in one order', () => {
  const sum = sumStates([{ accepted: 1, loaded: 2 }, { loaded: 1, rejected: 1 }, {}])
  expect([statesText(sum), statesText({})]).toEqual(['3 loaded, 1 rejected by a rule, 1 on their way', ''])
})

test('without a bound it asks until every record has its final state, and tells what each look has found', async () => {
  const looks = [
    told([record(0, 'accepted'), record(1, 'accepted')]),
    told([record(0, 'loaded'), record(1, 'accepted')]),
  ]
  const { options, clock } = answering(
    [...Array(500).fill(looks[0]), looks[1], told([record(0, 'loaded'), record(1, 'lost')])] as ReceiptAnswer[],
    Number.POSITIVE_INFINITY,
  )
  const seen: string[] = []
  const shown = (view: ReturnType<typeof followView>) => `${view.share} ${view.text}`
  const followed = await follow('r', { ...options, seen: (now) => void seen.push(shown(followView(now))) })
  expect(followed.failed).toEqual([record(1, 'lost')])
  expect(clock.now).toBeGreaterThan(600_000)
  expect([...new Set(seen)]).toEqual(['0 2 on their way', '0.5 1 loaded, 1 on their way', '1 1 loaded, 1 lost'])
})

test('what is shown says why the gateway does not tell', () => {
  expect(followView({ states: {}, failed: [], untold: 'not yet' })).toEqual({
    text: 'the gateway does not tell yet: not yet',
  })
})
