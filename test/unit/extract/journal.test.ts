import { Check } from 'typebox/schema'
import { expect, test } from 'vitest'
import { JournalEvent } from '#core/journal/actions.ts'
import type { Outcome, Request } from '../../../services/extract/build.ts'
import { extractionEnded, extractionEvent } from '../../../services/extract/journal.ts'

const request = {
  text: 'id: diabetes',
  project: { id: 'diabetes', title: 'Jeanne Martin', contact: 'a@b.example', tables: [{ feed: 'diagnosis' }] },
  dryRun: false,
  allowSmall: false,
} as unknown as Request

test('who, which project, which tables; and how many rows came of it', () => {
  const begun = extractionEvent('os:alice', request)
  const manifest = {
    run: { id: '20260131T080000Z-0123abcd' },
    cohort: { persons: 16 },
    tables: [{ name: 'diagnosis', rows: 21 }],
  }
  const done = extractionEnded(begun, { kind: 'built', directory: '/d', manifest } as unknown as Outcome)
  expect(done).toMatchObject({
    actor: 'os:alice',
    object: 'project:diabetes',
    outcome: 'done',
    facts: { run: '20260131T080000Z-0123abcd', persons: 16, tables: [{ feed: 'diagnosis', rows: 21 }] },
  })
  const small = extractionEnded(begun, { kind: 'too-small' } as unknown as Outcome)
  expect(small.outcome).toBe('refused')
  for (const event of [begun, done, small]) expect(Check(JournalEvent, event)).toBe(true)
  // Title and contact of the project are texts of people.
  expect(JSON.stringify([begun, done])).not.toMatch(/Martin|example/)
})
