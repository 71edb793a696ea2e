/**
 * Circuits that are open on this host: `<data>/external-circuits/<id>/`. The list of the third party with its secret, and what was found of it, are sealed under a key of each circuit, which is among the secrets of
 * `deidentify`. The key is destroyed first: from then on the files are noise, also in every copy of them.
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
import { type HeldList, listOf, textOfList } from './held-list.ts'

const CircuitFile = closed({
  format: Type.Literal('chainon-hashed-circuit/1'),
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

export interface DestroyedCircuit {
  readonly key: string
  readonly sha256: string
  readonly at: string
}

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
  destroy(id: string, now: number): DestroyedCircuit
  folder(id: string): string
}

/** A circuit that is closed waits so long to be collected; then it is destroyed. */
export const COLLECTED_WITHIN_MS = 7 * 86_400_000

const LOCK_WITHIN_MS = 10_000
const MOST_OPEN = 16
const FOLDER = 'external-circuits'
const BUILDING = '.building-'
const CIRCUIT = 'circuit.json'
const LIST = 'list.sealed'

/** @returns whether this host has ever had one: without, no secret needs to be opened */
export function hasCircuits(dataDir: string): boolean {
  return existsSync(join(dataDir, FOLDER))
}

/** @param secrets folder of the secrets of `deidentify` @param box how a secret stands in its file */
export function hashedCircuits(dataDir: string, secrets: string, box: SecretBox): Circuits {
  const root = join(dataDir, FOLDER)
  const folder = (id: string) => join(root, id)
  const keyPath = (id: string) => join(secrets, `circuit-${id}.key`)
  const names = () => (existsSync(root) ? readdirSync(root).filter((name) => new RegExp(CIRCUIT_ID).test(name)) : [])

  function read(id: string): Circuit | undefined {
    try {
      const circuit = complete(CircuitFile, JSON.parse(readFileSync(join(folder(id), CIRCUIT), 'utf8')))
      return circuit?.id === id ? circuit : undefined
    } catch {
      return undefined
    }
  }

  const list = () =>
    names()
      .flatMap((id) => read(id) ?? [])
      .filter((one) => one.destroyed_at === undefined)
      .toSorted((one, other) => (one.opened_at < other.opened_at ? -1 : 1))

  /** One process at a time changes the folder. */
  function locked<T>(work: () => T): T {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    const lock = waitForLockSync(join(root, 'lock'), 'external-circuits', LOCK_WITHIN_MS)
    if (!('release' in lock))
      throw new ChainonError(
        'dependency-unavailable',
        `another process (${lock.heldBy.pid}) changes circuits; wait for it`,
      )
    try {
      sweep()
      return work()
    } finally {
      lock.release()
    }
  }

  /** Removes what a killed process left: a folder that is not complete, and its key. */
  function sweep(): void {
    for (const name of readdirSync(root).filter((one) => one.startsWith(BUILDING))) {
      const id = name.slice(BUILDING.length)
      if (new RegExp(CIRCUIT_ID).test(id) && !existsSync(folder(id)) && existsSync(keyPath(id))) overwrite(keyPath(id))
      rmSync(join(root, name), { recursive: true, force: true })
    }
  }

  function opened(one: Circuit): { list: HeldList; box: SecretBox } {
    if (!existsSync(keyPath(one.id)))
      throw new ChainonError('not-found', `the key of the circuit ${one.id} is not here`)
    const own = secretBox(loadOrCreateSecret(secrets, `circuit-${one.id}.key`, box))
    const text = own.open(placeOf(one, LIST), readFileSync(join(folder(one.id), LIST), 'utf8'))
    return { list: listOf(text), box: own }
  }

  return {
    list,
    folder,
    damaged: () => names().filter((id) => read(id) === undefined),
    circuit(id) {
      const found = new RegExp(CIRCUIT_ID).test(id) ? read(id) : undefined
      if (!found)
        throw new ChainonError('not-found', 'there is no such circuit: `chainon link external --status` names them')
      if (found.destroyed_at !== undefined)
        throw new ChainonError('not-found', `the circuit was destroyed on ${found.destroyed_at}`)
      return found
    },
    hold: (given, held) =>
      locked(() => {
        const { id } = given
        // Another key or folder of that name would be overwritten below.
        if (existsSync(folder(id)) || existsSync(keyPath(id)))
          throw new ChainonError('bug', 'there is a circuit of that name already')
        if (list().length >= MOST_OPEN)
          throw new ConfigurationError('The circuit is not opened', [
            `${MOST_OPEN} circuits are open already: each costs time for each record (--collect, --abandon)`,
          ])
        const building = join(root, `${BUILDING}${id}`)
        const key = randomBytes(SECRETS_KEY_BYTES)
        try {
          // Before the key: a key that a killed process left is found by this folder.
          mkdirSync(building, { mode: 0o700 })
          storeSecret(secrets, `circuit-${id}.key`, key, box)
          const sealed = secretBox(key).seal(placeOf(given, LIST), textOfList(held))
          const made: Circuit = {
            format: 'chainon-hashed-circuit/1',
            ...given,
            sha256: sha256Of(sealed),
            key: fingerprintOf(`circuit-${id}.key`, key),
          }
          for (const [name, text] of [
            [LIST, sealed],
            [CIRCUIT, json(made)],
          ] as const)
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
    open(one) {
      try {
        return opened(one)
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        throw new ConfigurationError(`The circuit ${one.id} cannot be opened`, [
          'its list, its project or its last day were changed, or the key is another one',
        ])
      }
    },
    destroy: (id, now) =>
      locked(() => {
        const one = new RegExp(CIRCUIT_ID).test(id) ? read(id) : undefined
        if (!one) throw new ChainonError('not-found', 'there is no such circuit')
        const at = one.destroyed_at ?? new Date(now).toISOString()
        const sealed = join(folder(id), LIST)
        // What is destroyed is told as it is, where it is still here: the description beside it may have been changed.
        const key = existsSync(keyPath(id))
          ? fingerprintOf(`circuit-${id}.key`, loadOrCreateSecret(secrets, `circuit-${id}.key`, box))
          : one.key
        const sha256 = existsSync(sealed) ? sha256Of(readFileSync(sealed, 'utf8')) : one.sha256
        if (existsSync(keyPath(id))) overwrite(keyPath(id))
        proveClosed(one, sealed)
        for (const name of readdirSync(folder(id))) if (name !== CIRCUIT) overwrite(join(folder(id), name))
        const draft = join(folder(id), `${CIRCUIT}.draft`)
        writeFileSync(draft, json({ ...one, destroyed_at: at }), { mode: 0o600, flush: true })
        renameSync(draft, join(folder(id), CIRCUIT))
        return { key, sha256, at }
      }),
  }

  /** With what is left here, the list that is still there cannot be opened. */
  function proveClosed(one: Circuit, sealed: string): void {
    if (!existsSync(sealed)) return
    try {
      opened(one)
    } catch (error) {
      if (error instanceof ChainonError && error.code === 'not-found' && !existsSync(keyPath(one.id))) return
      throw error
    }
    throw new ChainonError('bug', 'the circuit can still be opened')
  }
}

/** Authenticated: what is of another circuit, of another project, or has another last day, does not open. @param name of the file in the folder of the circuit, or of a part of it */
export function placeOf(
  { id, project, opened_at, closes }: Pick<Circuit, 'id' | 'project' | 'opened_at' | 'closes'>,
  name: string,
): string {
  return `hashed-circuit ${id} ${project} ${opened_at} ${closes} ${name}`
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
