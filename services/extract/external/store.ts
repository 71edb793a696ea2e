/**
 * Correspondences of cohorts on the disk: `<data>/external-links/<id>/`, sealed under a key of their own that is in the secrets of `extract`. Whoever has one of the two has nothing. The key
 * is destroyed first: from then on the file is noise, also in every copy of it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import { SECRETS_KEY_BYTES, type SecretBox, secretBox } from '#core/crypto/secret-box.ts'
import { loadOrCreateSecret, storeSecret } from '#core/crypto/secrets.ts'
import { fingerprintOf } from '#core/custody/registered-secret.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { CIRCUIT_ID } from '#core/linkage/external.ts'
import { waitForLockSync } from '#core/process/lock.ts'
import { closed } from '#core/schema/closed.ts'
import { complete } from '#core/schema/complete.ts'
import type { Written } from '#core/schema/written.ts'
import { overwrite } from '#core/sealing/secret-files.ts'

const CircuitFile = closed({
  format: Type.Literal('chainon-external-link/1'),
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

export interface Destroyed {
  readonly key: string
  readonly sha256: string
  readonly at: string
}

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

const LOCK_WITHIN_MS = 10_000
const FOLDER = 'external-links'
const BUILDING = '.building-'
const CIRCUIT = 'circuit.json'
const SEALED = 'correspondence.sealed'

/**
 * @param secrets folder of the secrets of `extract` @param box how a secret stands in its file
 */
export function correspondences(dataDir: string, secrets: string, box: SecretBox): Correspondences {
  const root = join(dataDir, FOLDER)
  const folder = (id: string) => join(root, id)
  const keyPath = (id: string) => join(secrets, `external-${id}.key`)
  const names = () => (existsSync(root) ? readdirSync(root).filter((name) => new RegExp(CIRCUIT_ID).test(name)) : [])

  function read(id: string): Circuit | undefined {
    const path = join(folder(id), CIRCUIT)
    try {
      const circuit = complete(CircuitFile, JSON.parse(readFileSync(path, 'utf8')))
      return circuit?.id === id ? circuit : undefined
    } catch {
      return undefined
    }
  }

  function circuit(id: string): Circuit {
    const found = new RegExp(CIRCUIT_ID).test(id) ? read(id) : undefined
    if (!found)
      throw new ChainonError('not-found', 'there is no such correspondence: `chainon link external --list` names them')
    return found
  }

  /** One process at a time changes the folder. */
  function locked<T>(work: () => T): T {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    const lock = waitForLockSync(join(root, 'lock'), 'external-links', LOCK_WITHIN_MS)
    if (!('release' in lock))
      throw new ChainonError(
        'dependency-unavailable',
        `another process (${lock.heldBy.pid}) changes correspondences; wait for it`,
      )
    try {
      return work()
    } finally {
      lock.release()
    }
  }

  function opened(id: string, one: Circuit): string {
    if (!existsSync(keyPath(id))) throw new ChainonError('not-found', 'its key is destroyed: nobody opens it')
    const key = loadOrCreateSecret(secrets, `external-${id}.key`, box)
    return secretBox(key).open(placeOf(one), readFileSync(join(folder(id), SEALED), 'utf8'))
  }

  return {
    folder,
    circuit,
    list: () =>
      names()
        .flatMap((id) => read(id) ?? [])
        .toSorted((one, other) => (one.made_at < other.made_at ? -1 : 1)),
    keep: (given, rows, files) =>
      locked(() => {
        const { id } = given
        // Another key or folder of that name would be overwritten below.
        if (existsSync(folder(id)) || existsSync(keyPath(id)))
          throw new ChainonError('bug', 'there is a correspondence of that name already')
        const building = join(root, `${BUILDING}${id}`)
        const key = randomBytes(SECRETS_KEY_BYTES)
        try {
          // Before the key: a key that a killed run left is found by this folder.
          mkdirSync(building, { mode: 0o700 })
          storeSecret(secrets, `external-${id}.key`, key, box)
          const sealed = secretBox(key).seal(placeOf(given), csvOf(rows))
          const made: Circuit = {
            format: 'chainon-external-link/1',
            ...given,
            sha256: createHash('sha256').update(sealed).digest('hex'),
            key: fingerprintOf(`external-${id}.key`, key),
          }
          for (const [name, text] of [...files, [SEALED, sealed], [CIRCUIT, json(made)]] as const)
            writeFileSync(join(building, name), text, { mode: 0o600, flag: 'wx', flush: true })
          renameSync(building, folder(id))
          return made
        } catch (error) {
          rmSync(building, { recursive: true, force: true })
          if (existsSync(keyPath(id))) overwrite(keyPath(id))
          throw error
        } finally {
          key.fill(0)
        }
      }),
    open(id, now) {
      const one = circuit(id)
      if (one.destroyed_at !== undefined) throw new ChainonError('not-found', `it was destroyed on ${one.destroyed_at}`)
      if (now >= one.expires) throw new ChainonError('not-found', 'it has expired: link the cohort again')
      try {
        return opened(id, one)
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        throw new ConfigurationError('The correspondence cannot be opened', [
          'the file, its expiry or its project were changed, or the key is another one',
        ])
      }
    },
    destroy: (id, now) =>
      locked(() => {
        const one = circuit(id)
        const at = one.destroyed_at ?? new Date(now).toISOString()
        const sealed = join(folder(id), SEALED)
        // What is destroyed is told as it is, where it is still here: the description beside it may have been changed.
        const key = existsSync(keyPath(id))
          ? fingerprintOf(`external-${id}.key`, loadOrCreateSecret(secrets, `external-${id}.key`, box))
          : one.key
        const sha256 = existsSync(sealed) ? createHash('sha256').update(readFileSync(sealed)).digest('hex') : one.sha256
        const bytes = existsSync(sealed) ? readFileSync(sealed, 'utf8') : undefined
        if (existsSync(keyPath(id))) overwrite(keyPath(id))
        proveClosed(id, one, bytes)
        if (existsSync(sealed)) overwrite(sealed)
        const draft = join(folder(id), `${CIRCUIT}.draft`)
        writeFileSync(draft, json({ ...one, destroyed_at: at }), { mode: 0o600, flush: true })
        renameSync(draft, join(folder(id), CIRCUIT))
        return { key, sha256, at }
      }),
    sweep() {
      if (!existsSync(root)) return
      locked(() => {
        for (const name of readdirSync(root).filter((one) => one.startsWith(BUILDING))) {
          const id = name.slice(BUILDING.length)
          if (new RegExp(CIRCUIT_ID).test(id) && !existsSync(folder(id)) && existsSync(keyPath(id)))
            overwrite(keyPath(id))
          rmSync(join(root, name), { recursive: true, force: true })
        }
      })
    },
  }

  /** With what is left here, the file that is still there cannot be opened. */
  function proveClosed(id: string, one: Circuit, sealed: string | undefined): void {
    if (sealed === undefined) return
    try {
      opened(id, one)
    } catch (error) {
      if (error instanceof ChainonError && error.code === 'not-found' && !existsSync(keyPath(id))) return
      throw error
    }
    throw new ChainonError('bug', 'the correspondence can still be opened')
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

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
