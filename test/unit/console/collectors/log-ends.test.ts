import { expect, it } from 'vitest'
import { shortened } from '../../../../services/console/collectors/log-ends.ts'

const before = { topicId: 'A'.repeat(22), leaderEpoch: 3, end: 15n, passed: 12n }

it('a log that lost its end: how many records, and how many of these had not been passed', () => {
  const finding = shortened('death', 2, before, 10n)
  expect(finding).toMatchObject({ code: 'topic-truncated', partition: 2, from: 10n, to: 15n })
  expect(finding.message).toContain('5 records from offset 10 on. 3 of them')
  expect(shortened('death', 2, { ...before, passed: 15n }, 10n).message).toContain('0 of them')
  expect(shortened('death', 2, { ...before, passed: 4n }, 10n).message, 'the others are still in the log').toContain(
    '5 of them',
  )
})
