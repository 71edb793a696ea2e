/** The proof that a circuit was destroyed, in the access journal. */
import type { Destroyed } from '#core/custody/sealed-folders.ts'
import type { Journal } from '#core/journal/journal.ts'
import { noteDestruction } from '#core/journal/note-destruction.ts'
import type { Circuit, Circuits } from './circuits.ts'

export type Reason = 'collected' | 'abandoned' | 'expired'

/** @param actor of the journal @throws as `destroy` of the circuits */
export function destroyNoted(
  journal: Pick<Journal, 'note'>,
  circuits: Pick<Circuits, 'destroy'>,
  circuit: Circuit,
  { reason, actor }: { readonly reason: Reason; readonly actor: string },
): Destroyed {
  const { id, project } = circuit
  return noteDestruction(
    journal,
    circuit,
    (outcome, { key, sha256 }) => ({
      ...{ actor, action: 'link-circuit-destroy', object: `external-link:${id}`, outcome },
      facts: { project, reason, key, list_sha256: sha256 },
    }),
    () => circuits.destroy(id, Date.now()),
  )
}
