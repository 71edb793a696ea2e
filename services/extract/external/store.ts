/**
 * Correspondences of cohorts on the disk: `<data>/external-links/<id>/`, each sealed under a key of its own that is in the secrets of `extract` (core/custody/sealed-folders.ts).
 */
import { join } from 'node:path'
import Type from 'typebox'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { type Destroyed, sealedFolders } from '#core/custody/sealed-folders.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { CIRCUIT_ID } from '#core/linkage/external.ts'
import { closed } from '#core/schema/closed.ts'
import { complete } from '#core/schema/complete.ts'
import type { Written } from '#core/schema/written.ts'

const FORMAT = 'chainon-external-link/1'
const CircuitFile = closed({
  format: Type.Literal(FORMAT),
  id: Type.String({ pattern: CIRCUIT_ID }),
  project: Type.String(),
  circuit: Type.String(),
  made_at: Type.String(),
  /** Milliseconds since 1970: from then on nobody opens it. */
  expires: Type.Integer(),
  /** Of the sealed file. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Of the key, without telling it. */
  key: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  destroyed_at: Type.Optional(Type.String()),
})
export type Circuit = Written<typeof CircuitFile>

export interface Correspondences {
  /** @returns all, the oldest first; those of damaged folders are left out */
  list(): readonly Circuit[]
  /** @throws ChainonError not-found */
  circuit(id: string): Circuit
  /**
   * Complete or absent.
   *
   * @param files more files of the folder, by name: nothing of a person is in them
   */
  keep(
    circuit: Omit<Circuit, 'format' | 'sha256' | 'key'>,
    rows: readonly Row[],
    files: ReadonlyMap<string, string>,
  ): Circuit
  /** @returns CSV @throws ChainonError not-found when it has expired or is destroyed; ConfigurationError when it was changed */
  open(id: string, now: number): string
  /** Key first, then the file; whatever an interrupted one left is done. @throws ChainonError bug when it could still be opened */
  destroy(id: string, now: number): Destroyed
  /** Removes what a killed run left: a folder that is not complete, and its key. */
  sweep(): void
  folder(id: string): string
}

export interface Row {
  readonly subject: string
  /** Third-level pseudonym. */
  readonly person: string
}

const FOLDER = 'external-links'
const SEALED = 'correspondence.sealed'

/**
 * @param secrets folder of the secrets of `extract` @param box how a secret stands in its file
 */
export function correspondences(dataDir: string, secrets: string, box: SecretBox): Correspondences {
  const folders = sealedFolders<Circuit>({
    root: join(dataDir, FOLDER),
    what: { one: 'correspondence', many: 'correspondences' },
    described: (value) => complete(CircuitFile, value),
    content: SEALED,
    placeOf,
    // What was linked and how well, without a person.
    stays: (file) => file !== SEALED,
    ...{ secrets, box, keyFile: (id) => `external-${id}.key` },
    noKey: () => new ChainonError('not-found', 'its key is destroyed: nobody opens it'),
    changed: () =>
      new ConfigurationError('The correspondence cannot be opened', [
        'the file, its expiry or its project were changed, or the key is another one',
      ]),
  })

  function circuit(id: string): Circuit {
    const found = folders.find(id)
    if (!found)
      throw new ChainonError('not-found', 'there is no such correspondence: `chainon link external --list` names them')
    return found
  }

  return {
    circuit,
    folder: folders.folder,
    sweep: folders.sweep,
    list: () => folders.all().toSorted((one, other) => (one.made_at < other.made_at ? -1 : 1)),
    keep: (given, rows, files) => folders.keep({ format: FORMAT, ...given }, csvOf(rows), files),
    open(id, now) {
      const one = circuit(id)
      if (one.destroyed_at !== undefined) throw new ChainonError('not-found', `it was destroyed on ${one.destroyed_at}`)
      if (now >= one.expires) throw new ChainonError('not-found', 'it has expired: link the cohort again')
      return folders.open(one).content
    },
    destroy: (id, now) => folders.destroy(circuit(id).id, now),
  }
}

/** Authenticated: a correspondence of another project, or with another expiry, does not open. */
function placeOf({ id, project, expires }: Pick<Circuit, 'id' | 'project' | 'expires'>): string {
  return `external-link ${id} ${project} ${expires}`
}

function csvOf(rows: readonly Row[]): string {
  const lines = rows.map(({ subject, person }) => `${subject},${person}\n`).toSorted()
  return `subject,person_id\n${lines.join('')}`
}
