/** The proof that a circuit was destroyed, in the access journal. */
import type { JournalEvent } from '#core/journal/actions.ts'
import type { Journal } from '#core/journal/journal.ts'
import type { Circuit, Circuits, DestroyedCircuit } from './circuits.ts'

export type Reason = 'collected' | 'abandoned' | 'expired'

/**
 * Noted, and not asked for: a circuit is destroyed also while Kafka is away, and the entry is sent later.
 *
 * @param actor of the journal @throws as `destroy` of the circuits
 */
export function destroyNoted(
  journal: Pick<Journal, 'note'>,
  circuits: Pick<Circuits, 'destroy'>,
  { id, project, key, sha256 }: Circuit,
  { reason, actor }: { readonly reason: Reason; readonly actor: string },
): DestroyedCircuit {
  const event = (outcome: 'begun' | 'done' | 'failed', of: Pick<DestroyedCircuit, 'key' | 'sha256'>): JournalEvent => ({
    actor,
    action: 'link-circuit-destroy',
    object: `external-link:${id}`,
    outcome,
    facts: { project, reason, key: of.key, list_sha256: of.sha256 },
  })
  journal.note(event('begun', { key, sha256 }))
  try {
    const destroyed = circuits.destroy(id, Date.now())
    journal.note(event('done', destroyed))
    return destroyed
  } catch (error) {
    journal.note(event('failed', { key, sha256 }))
    throw error
  }
}
