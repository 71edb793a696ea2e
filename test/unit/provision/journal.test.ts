import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Check } from 'typebox/schema'
import { expect, test } from 'vitest'
import { JournalEvent } from '#core/journal/actions.ts'
import { eventsOf, readContractHashes, writeContractHashes } from '../../../services/provision/journal.ts'

const NOTHING = { topicsCreated: 0, settingsReset: 0, migrationsRun: 0 }
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)]

test('a contract that is new or changed, and what was changed in Kafka and ClickHouse', () => {
  const events = eventsOf({ death: A, stay: A }, { death: B, stay: A, act: A }, { ...NOTHING, settingsReset: 2 })
  expect(events.map(({ action, object, facts }) => [action, object, facts])).toEqual([
    ['contract-change', 'feed:death', { sha256: B, before: A }],
    ['contract-change', 'feed:act', { sha256: A }],
    ['provision', 'installation', { topics_created: 0, settings_reset: 2, migrations_run: 0 }],
  ])
  for (const event of events) expect(Check(JournalEvent, event)).toBe(true)
})

test('nothing, where nothing changed', () => expect(eventsOf({ death: A }, { death: A }, NOTHING)).toEqual([]))

test('the hashes of the last run; a damaged file is as none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-journal-'))
  expect(readContractHashes(folder)).toEqual({})
  writeContractHashes(folder, { death: A })
  expect(readContractHashes(folder)).toEqual({ death: A })
  writeFileSync(join(folder, 'journal', 'contracts.json'), '{')
  expect(readContractHashes(folder)).toEqual({})
  rmSync(folder, { recursive: true })
})
