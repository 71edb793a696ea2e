/** What `chainon link explain --on` says of a record's person on a day. */
import { expect, test } from 'vitest'
import { explainOnDay, onDayText } from '../../../services/cli/link-on-day.ts'

const change = {
  ...{ old_person_id: 'pn_a', new_person_id: 'pn_b', kind: 'split', reason: 'decision' },
  changed_at: '2026-01-02T03:04:05Z',
}

test('the person, what had led there and what came after, in words', () => {
  const person = {
    ...{ person_id: 'pn_b', method: 'scored', probability: 0.98765, model: 'm1', told_at: '2026-01-02T03:04:05Z' },
    ...{ records: 3, patients: 2 },
  }
  const record = { record_id: 'p2_x', day: '2026-01-31' }
  const gone = { ...change, kind: 'cancelled', reason: 'records', new_person_id: '' }
  expect(onDayText({ ...record, person, changes: [change], later: [gone] })).toBe(
    `At the end of 2026-01-31 (UTC) the record was of pn_b: 3 records of 2 patients.
Told at 2026-01-02T03:04:05Z, by scored, probability 0.988, model m1.
What had led there:
  2026-01-02T03:04:05Z  split: left a person that goes on, because an operator decided; pn_a -> pn_b
Since then:
  2026-01-02T03:04:05Z  cancelled: the record was cancelled, because records came, were corrected or cancelled; pn_a -> none
`,
  )
  expect(onDayText({ ...record, person: null, changes: [], later: [] })).toBe(
    'At the end of 2026-01-31 (UTC) the record was of no person.\nIt was of no other person before.\n',
  )
})

test('what is no record of the warehouse, or no day, is said before anything is asked', async () => {
  for (const [record, day, problem] of [
    ['patient/p1_x', '2026-01-31', 'a record_id of person_link_scored'],
    [`p2_${'a'.repeat(43)}`, '2026-02-30', 'must be a day'],
    [`p2_${'a'.repeat(43)}`, "2026-01-31'", 'must be a day'],
  ] as const)
    await expect(explainOnDay({}, record, day, {})).rejects.toThrow(problem)
})
