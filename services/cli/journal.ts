/** What a command says in the access journal: the user of this process, and the key of the command line (`<data>/secrets/cli`). */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { hourOf, type JournalEvent, osActor } from '#core/journal/actions.ts'
import type { CommandJournal } from '#core/journal/command-journal.ts'
import { entryLost } from '#core/journal/entry-lost.ts'
import { type JournalOptions, openJournal } from '#core/journal/journal.ts'
import { resolveEnvironment } from './environment.ts'

/** The account that runs the command; a name that is given with `--by` is in what the command writes, not in the journal. */
export const actor = (): string => osActor(userInfo().username)

/** The entry is on the disk when this returns; a service that runs sends it. @param data folder of the stack */
export function noteInJournal(data: string, ...events: readonly JournalEvent[]): void {
  const journal = openJournal(options(data))
  for (const event of events) journal.note(event)
}

/** @param what name of the command @param given `--data-dir`, and so on */
export function noteQuery(env: NodeJS.ProcessEnv, what: string, given: { readonly dataDir?: string }): void {
  const { CHAINON_DATA_DIR: data = '' } = resolveEnvironment(env, given)
  const facts = { hour: hourOf(Date.now()), requests: 1 }
  noteInJournal(data, { actor: actor(), action: 'query', object: `cli:${what}`, outcome: 'done', facts })
}

/** For a command that may not act without an entry in Kafka. @param environment as `resolveEnvironment` gives it */
export async function openCommandJournal(environment: NodeJS.ProcessEnv): Promise<CommandJournal> {
  const { readConfig } = await import('#core/config/read.ts')
  const { KAFKA_KEYS } = await import('#core/kafka/client.ts')
  const { commandJournal } = await import('#core/journal/command-journal.ts')
  return commandJournal(
    options(environment.CHAINON_DATA_DIR ?? ''),
    readConfig('chainon', [...KAFKA_KEYS], environment),
  )
}

function options(data: string): JournalOptions {
  return {
    program: 'cli',
    dataDir: data,
    secretsDir: join(data, 'secrets', 'cli'),
    onLost: entryLost,
  }
}
