/**
 * Circuits that are open on this host: `<data>/external-circuits/<id>/`. The list of the third party with its secret, and what was found of it, are sealed under a key of each circuit, which is among the secrets of
 * `deidentify` (core/custody/sealed-folders.ts).
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { type Destroyed, sealedFolders } from '#core/custody/sealed-folders.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { CIRCUIT_ID } from '#core/linkage/external.ts'
import { closed } from '#core/schema/closed.ts'
import { complete } from '#core/schema/complete.ts'
import type { Written } from '#core/schema/written.ts'
import { type HeldList, listOf, textOfList } from './held-list.ts'

const FORMAT = 'chainon-hashed-circuit/1'
const CircuitFile = closed({
  format: Type.Literal(FORMAT),
  id: Type.String({ pattern: CIRCUIT_ID }),
  project: Type.String({ pattern: '^[a-z0-9_-]{1,64}$' }),
  opened_at: Type.String(),
  /** Milliseconds since 1970: from then on nothing is compared. */
  closes: Type.Integer(),
  /** Of the sealed list. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Of the key, without telling it. */
  key: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  destroyed_at: Type.Optional(Type.String()),
})
export type Circuit = Written<typeof CircuitFile>

export interface Circuits {
  /** @returns those that are not destroyed; damaged ones are left out */
  list(): readonly Circuit[]
  /** @returns ids of folders whose description cannot be read */
  damaged(): readonly string[]
  /** @throws ChainonError not-found when there is none of that id, or it is destroyed */
  circuit(id: string): Circuit
  /** Complete or absent. @throws ChainonError configuration when there are too many already */
  hold(given: Pick<Circuit, 'id' | 'project' | 'opened_at' | 'closes'>, list: HeldList): Circuit
  /** @returns the list, and what seals the files of the circuit @throws ChainonError not-found when its key is destroyed; ConfigurationError when something of it was changed */
  open(circuit: Circuit): { readonly list: HeldList; readonly box: SecretBox }
  /** Key first, then every file but the description; whatever an interrupted one left is done. @throws ChainonError bug when it could still be opened */
  destroy(id: string, now: number): Destroyed
  folder(id: string): string
}

/** A circuit that is closed waits so long to be collected; then it is destroyed. */
export const COLLECTED_WITHIN_MS = 7 * 86_400_000

const MOST_OPEN = 16
const FOLDER = 'external-circuits'
const LIST = 'list.sealed'

/** @returns whether this host has ever had one: without, no secret needs to be opened */
export function hasCircuits(dataDir: string): boolean {
  return existsSync(join(dataDir, FOLDER))
}

/** @param secrets folder of the secrets of `deidentify` @param box how a secret stands in its file */
export function hashedCircuits(dataDir: string, secrets: string, box: SecretBox): Circuits {
  const folders = sealedFolders<Circuit>({
    root: join(dataDir, FOLDER),
    what: { one: 'circuit', many: 'circuits' },
    described: (value) => complete(CircuitFile, value),
    content: LIST,
    placeOf: (circuit) => placeOf(circuit, LIST),
    stays: () => false,
    ...{ secrets, box, keyFile: (id) => `circuit-${id}.key` },
    noKey: (id) => new ChainonError('not-found', `the key of the circuit ${id} is not here`),
    changed: (id) =>
      new ConfigurationError(`The circuit ${id} cannot be opened`, [
        'its list, its project or its last day were changed, or the key is another one',
      ]),
  })
  const list = () =>
    folders
      .all()
      .filter((one) => one.destroyed_at === undefined)
      .toSorted((one, other) => (one.opened_at < other.opened_at ? -1 : 1))

  function assertFew(): void {
    if (list().length >= MOST_OPEN)
      throw new ConfigurationError('The circuit is not opened', [
        `${MOST_OPEN} circuits are open already: each costs time for each record (--collect, --abandon)`,
      ])
  }

  return {
    list,
    folder: folders.folder,
    damaged: folders.damaged,
    destroy: folders.destroy,
    circuit(id) {
      const found = folders.find(id)
      if (!found)
        throw new ChainonError('not-found', 'there is no such circuit: `chainon link external --status` names them')
      if (found.destroyed_at !== undefined)
        throw new ChainonError('not-found', `the circuit was destroyed on ${found.destroyed_at}`)
      return found
    },
    hold: (given, held) => folders.keep({ format: FORMAT, ...given }, textOfList(held), new Map(), assertFew),
    open(one) {
      const { content, box: own } = folders.open(one)
      return { list: listOf(content), box: own }
    },
  }
}

/** Authenticated: what is of another circuit, of another project, or has another last day, does not open. @param name of the file in the folder of the circuit, or of a part of it */
export function placeOf(
  { id, project, opened_at, closes }: Pick<Circuit, 'id' | 'project' | 'opened_at' | 'closes'>,
  name: string,
): string {
  return `hashed-circuit ${id} ${project} ${opened_at} ${closes} ${name}`
}
