/** No extraction without an entry in the access journal: who, which project, which tables; and at its end how many rows of each. */
import { hash } from 'node:crypto'
import { userInfo } from 'node:os'
import { secretsDir } from '#core/config/read.ts'
import { type JournalEvent, osActor } from '#core/journal/actions.ts'
import { commandJournal } from '#core/journal/command-journal.ts'
import { entryLost } from '#core/journal/entry-lost.ts'
import type { Outcome, Request } from './build.ts'
import type { ExtractConfig } from './config.ts'

type Extraction = Extract<JournalEvent, { action: 'extraction' }>

/** @returns the entry of an extraction before it has an outcome */
export function extractionEvent(actor: string, { text, project, dryRun }: Request): Extraction {
  return {
    actor,
    action: 'extraction',
    object: `project:${project.id}`,
    outcome: 'begun',
    facts: {
      tables: project.tables.map(({ feed }) => ({ feed })),
      file_sha256: hash('sha256', text, 'hex'),
      dry_run: dryRun,
    },
  }
}

/** @returns the entry of what came of it: counts are exact, because nobody but an auditor reads them */
export function extractionEnded(begun: Extraction, outcome: Outcome): Extraction {
  switch (outcome.kind) {
    case 'built': {
      const { run, cohort, tables } = outcome.manifest
      return {
        ...begun,
        outcome: 'done',
        facts: {
          tables: tables.map(({ name, rows }) => ({ feed: name, rows })),
          file_sha256: begun.facts.file_sha256,
          dry_run: false,
          run: run.id,
          persons: cohort.persons,
        },
      }
    }
    case 'surveyed':
      return { ...begun, outcome: 'done' }
    case 'too-small':
    case 'small-cells':
    case 'difference':
      return { ...begun, outcome: 'refused' }
  }
}

/** @throws ChainonError dependency-unavailable when Kafka has no entry of it: nothing was extracted */
export async function journalled(
  config: ExtractConfig,
  request: Request,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const { CHAINON_DATA_DIR: dataDir } = config
  const journal = commandJournal(
    { program: 'extract', dataDir, secretsDir: secretsDir('extract', config), onLost: entryLost },
    config,
  )
  const begun = extractionEvent(osActor(userInfo().username), request)
  try {
    return await journal.guard(begun, work, (outcome) => extractionEnded(begun, outcome))
  } finally {
    await journal.close()
  }
}
