/** What the access journal says of correspondences: who linked, opened and destroyed which, and the proof of the destruction. */
import { userInfo } from 'node:os'
import { secretsDir } from '#core/config/read.ts'
import type { Destroyed } from '#core/custody/sealed-folders.ts'
import { type JournalEvent, osActor } from '#core/journal/actions.ts'
import { type CommandJournal, commandJournal } from '#core/journal/command-journal.ts'
import { entryLost } from '#core/journal/entry-lost.ts'
import { noteDestruction } from '#core/journal/note-destruction.ts'
import type { HeldCircuit } from '#core/linkage/hashed.ts'
import type { ExtractConfig } from '../config.ts'
import type { LinkOutcome, LinkRequest } from './link-cohort.ts'
import type { Circuit, Correspondences } from './store.ts'

type LinkEvent = Extract<JournalEvent, { action: 'link-external' }>
type OpenEvent = Extract<JournalEvent, { action: 'link-circuit-open' }>

export const who = (): string => osActor(userInfo().username)
const objectOf = (id: string) => `external-link:${id}`

export function openJournal(config: ExtractConfig): CommandJournal {
  const { CHAINON_DATA_DIR: dataDir } = config
  return commandJournal(
    { program: 'extract', dataDir, secretsDir: secretsDir('extract', config), onLost: entryLost },
    config,
  )
}

export function linkEvent(
  { id, project, dryRun }: Pick<LinkRequest, 'id' | 'project' | 'dryRun'>,
  circuit: string,
): LinkEvent {
  const facts = { project: project.id, circuit, dry_run: dryRun }
  return { actor: who(), action: 'link-external', object: objectOf(id), outcome: 'begun', facts }
}

/** Counts are exact: nobody but an auditor reads them. */
export function linkEnded(begun: LinkEvent, { kind, subjects, linked, circuit }: LinkOutcome): LinkEvent {
  const counts = { ...begun.facts, subjects }
  if (kind === 'too-few') return { ...begun, outcome: 'refused', facts: counts }
  const kept = circuit && {
    correspondence_sha256: circuit.sha256,
    key: circuit.key,
    expires: new Date(circuit.expires).toISOString().slice(0, 10),
  }
  return { ...begun, outcome: 'done', facts: { ...counts, linked, ...kept } }
}

export function declareEvent(id: string, project: string, openUntil: string, dryRun: boolean): OpenEvent {
  const facts = { project, dry_run: dryRun, open_until: openUntil }
  return { actor: who(), action: 'link-circuit-open', object: objectOf(id), outcome: 'begun', facts }
}

/** @param of what `deidentify` holds now */
export function declareEnded(begun: OpenEvent, { kind, subjects, held }: HeldCircuit): OpenEvent {
  const facts = { ...begun.facts, subjects, ...(held && { list_sha256: held.sha256, key: held.key }) }
  return { ...begun, outcome: kind === 'too-few' ? 'refused' : 'done', facts }
}

export function openEvent({ id, project }: Circuit): JournalEvent {
  return { actor: who(), action: 'link-external-open', object: objectOf(id), outcome: 'begun', facts: { project } }
}

type Reason = 'asked' | 'expired'

/** @throws as `destroy` of the store */
export function destroyNoted(
  journal: Pick<CommandJournal, 'note'>,
  store: Correspondences,
  circuit: Circuit,
  reason: Reason,
): Destroyed {
  const { id, project } = circuit
  return noteDestruction(
    journal,
    circuit,
    (outcome, { key, sha256 }) => ({
      ...{ actor: who(), action: 'link-external-destroy', object: objectOf(id), outcome },
      facts: { project, reason, key, correspondence_sha256: sha256 },
    }),
    () => store.destroy(id, Date.now()),
  )
}

/** @returns the ids of those whose time has come, which are destroyed now */
export function destroyExpired(journal: Pick<CommandJournal, 'note'>, store: Correspondences): readonly string[] {
  const expired = store.list().filter((one) => one.destroyed_at === undefined && one.expires <= Date.now())
  for (const one of expired) destroyNoted(journal, store, one, 'expired')
  return expired.map(({ id }) => id)
}
