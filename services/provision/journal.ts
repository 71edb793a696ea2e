/** What provision says in the access journal: contracts that are new or changed, and what it changed in Kafka and ClickHouse. */
import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FeedContract } from '#core/contract/types.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { journalFolder } from '#core/journal/folders.ts'

export interface Changes {
  readonly topicsCreated: number
  readonly settingsReset: number
  readonly migrationsRun: number
}

/** SHA-256 of the contract's file, by feed. */
export type ContractHashes = Readonly<Record<string, string>>

const ACTOR = 'service:provision'

export function contractHashes(feedsDir: string, contracts: readonly FeedContract[]): ContractHashes {
  return Object.fromEntries(
    contracts.map(({ feed }) => [feed, hash('sha256', readFileSync(join(feedsDir, `${feed}.avsc`)), 'hex')]),
  )
}

/** Pure. @param before those of the last run on this host; none at the first one @returns nothing where nothing changed */
export function eventsOf(before: ContractHashes, after: ContractHashes, changes: Changes): readonly JournalEvent[] {
  const events: JournalEvent[] = Object.entries(after)
    .filter(([feed, sha256]) => before[feed] !== sha256)
    .map(([feed, sha256]) => ({
      actor: ACTOR,
      action: 'contract-change',
      object: `feed:${feed}`,
      outcome: 'done',
      facts: { sha256, ...(before[feed] === undefined ? {} : { before: before[feed] }) },
    }))
  const { topicsCreated, settingsReset, migrationsRun } = changes
  if (topicsCreated + settingsReset + migrationsRun === 0) return events
  const facts = { topics_created: topicsCreated, settings_reset: settingsReset, migrations_run: migrationsRun }
  return [...events, { actor: ACTOR, action: 'provision', object: 'installation', outcome: 'done', facts }]
}

/** @returns those of the last run on this host; none when there was none, or its file cannot be read: every contract is then told again */
export function readContractHashes(dataDir: string): ContractHashes {
  try {
    const read: unknown = JSON.parse(readFileSync(hashesFile(dataDir), 'utf8'))
    const entries = Object.entries(typeof read === 'object' && read !== null ? read : {})
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return {}
    throw error
  }
}

export function writeContractHashes(dataDir: string, hashes: ContractHashes): void {
  mkdirSync(journalFolder(dataDir), { recursive: true, mode: 0o700 })
  const draft = `${hashesFile(dataDir)}.draft`
  writeFileSync(draft, JSON.stringify(hashes), { mode: 0o600, flush: true })
  renameSync(draft, hashesFile(dataDir))
}

const hashesFile = (dataDir: string): string => join(journalFolder(dataDir), 'contracts.json')
