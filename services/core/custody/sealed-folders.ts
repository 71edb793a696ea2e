/**
 * Folders `<root>/<id>/` whose content is sealed under a key of each folder, which is among the secrets of a service. Whoever has one of the two has nothing. The key is destroyed first: from then on
 * the files are noise, also in every copy of them.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SECRETS_KEY_BYTES, type SecretBox, secretBox } from '../crypto/secret-box.ts'
import { loadOrCreateSecret, storeSecret } from '../crypto/secrets.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { CIRCUIT_ID } from '../linkage/external.ts'
import { waitForLockSync } from '../process/lock.ts'
import { overwrite } from '../sealing/secret-files.ts'
import { fingerprintOf } from './registered-secret.ts'

/** What stands in clear beside the content, in `circuit.json`. */
export interface Description {
  readonly id: string
  /** Of the sealed content. */
  readonly sha256: string
  /** Of the key, without telling it. */
  readonly key: string
  readonly destroyed_at?: string | undefined
}

/** What the proof of a destruction names. */
export interface Destroyed {
  readonly key: string
  readonly sha256: string
  readonly at: string
}

export interface SealedFoldersOptions<One extends Description> {
  readonly root: string
  /** What a folder is of, for messages. */
  readonly what: { readonly one: string; readonly many: string }
  /** @returns undefined when it is no description */
  readonly described: (value: unknown) => One | undefined
  /** Name of the sealed content. */
  readonly content: string
  /** Authenticated with the content: that of another description does not open. */
  readonly placeOf: (described: Omit<One, 'sha256' | 'key'>) => string
  /** Files that stay when a folder is destroyed, beside its description. */
  readonly stays: (file: string) => boolean
  /** Folder of the service's secrets, and how one stands in its file. */
  readonly secrets: string
  readonly box: SecretBox
  readonly keyFile: (id: string) => string
  /** When the key is not there. */
  readonly noKey: (id: string) => ChainonError
  /** When something was changed. */
  readonly changed: (id: string) => ConfigurationError
}

export interface SealedFolders<One extends Description> {
  /** @returns descriptions that can be read, those that are destroyed included */
  readonly all: () => readonly One[]
  /** @returns ids of folders whose description cannot be read */
  readonly damaged: () => readonly string[]
  /** @returns undefined where there is none of that id, or it cannot be read */
  readonly find: (id: string) => One | undefined
  readonly folder: (id: string) => string
  /**
   * Complete or absent.
   *
   * @param files more files of the folder, by name: in clear
   * @param assertMay throws where there may be no other folder; no other process adds one meanwhile
   * @throws ChainonError bug when there is one of that name
   */
  keep(
    described: Omit<One, 'sha256' | 'key'>,
    content: string,
    files?: ReadonlyMap<string, string>,
    assertMay?: () => void,
  ): One
  /** @returns the content, and what seals files of the folder @throws what `noKey` and `changed` say */
  open(one: One): { readonly content: string; readonly box: SecretBox }
  /** Key first, then the files; whatever an interrupted one left is done. @throws ChainonError not-found; bug when it could still be opened */
  readonly destroy: (id: string, now: number) => Destroyed
  /** Removes what a killed process left: a folder that is not complete, and its key. */
  readonly sweep: () => void
}

const LOCK_WITHIN_MS = 10_000
const BUILDING = '.building-'
const DESCRIPTION = 'circuit.json'

const isId = (name: string): boolean => new RegExp(CIRCUIT_ID).test(name)

export function sealedFolders<One extends Description>(options: SealedFoldersOptions<One>): SealedFolders<One> {
  const { root, what, content, placeOf, secrets, box, keyFile } = options
  const folder = (id: string) => join(root, id)
  const keyPath = (id: string) => join(secrets, keyFile(id))
  const names = () => (existsSync(root) ? readdirSync(root).filter(isId) : [])

  function find(id: string): One | undefined {
    if (!isId(id)) return undefined
    try {
      const one = options.described(JSON.parse(readFileSync(join(folder(id), DESCRIPTION), 'utf8')))
      return one?.id === id ? one : undefined
    } catch {
      return undefined
    }
  }

  function sweep(): void {
    for (const name of readdirSync(root).filter((one) => one.startsWith(BUILDING))) {
      const id = name.slice(BUILDING.length)
      if (isId(id) && !existsSync(folder(id)) && existsSync(keyPath(id))) overwrite(keyPath(id))
      rmSync(join(root, name), { recursive: true, force: true })
    }
  }

  /** One process at a time changes the folders. */
  function locked<T>(work: () => T): T {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    const lock = waitForLockSync(join(root, 'lock'), what.many, LOCK_WITHIN_MS)
    if (!('release' in lock))
      throw new ChainonError(
        'dependency-unavailable',
        `another process (${lock.heldBy.pid}) changes ${what.many}; wait for it`,
      )
    try {
      sweep()
      return work()
    } finally {
      lock.release()
    }
  }

  function opened(one: One): { readonly content: string; readonly box: SecretBox } {
    if (!existsSync(keyPath(one.id))) throw options.noKey(one.id)
    const own = secretBox(loadOrCreateSecret(secrets, keyFile(one.id), box))
    return { content: own.open(placeOf(one), readFileSync(join(folder(one.id), content), 'utf8')), box: own }
  }

  /** With what is left here, the content that is still there cannot be opened. */
  function proveClosed(one: One): void {
    if (!existsSync(join(folder(one.id), content))) return
    try {
      opened(one)
    } catch (error) {
      if (error instanceof ChainonError && error.code === 'not-found' && !existsSync(keyPath(one.id))) return
      throw error
    }
    throw new ChainonError('bug', `the ${what.one} can still be opened`)
  }

  function made(described: Omit<One, 'sha256' | 'key'>, sealed: string, key: Buffer): One {
    const { id } = described
    return { ...described, sha256: sha256Of(sealed), key: fingerprintOf(keyFile(id), key) } as One
  }

  return {
    find,
    folder,
    all: () => names().flatMap((id) => find(id) ?? []),
    damaged: () => names().filter((id) => find(id) === undefined),
    keep: (described, text, files = new Map(), assertMay = () => undefined) =>
      locked(() => {
        const { id } = described
        // Another key or folder of that name would be overwritten below.
        if (existsSync(folder(id)) || existsSync(keyPath(id)))
          throw new ChainonError('bug', `there is a ${what.one} of that name already`)
        assertMay()
        const building = join(root, `${BUILDING}${id}`)
        const key = randomBytes(SECRETS_KEY_BYTES)
        try {
          // Before the key: a key that a killed process left is found by this folder.
          mkdirSync(building, { mode: 0o700 })
          storeSecret(secrets, keyFile(id), key, box)
          const sealed = secretBox(key).seal(placeOf(described), text)
          const one = made(described, sealed, key)
          for (const [name, bytes] of [...files, [content, sealed], [DESCRIPTION, json(one)]] as const)
            writeFileSync(join(building, name), bytes, { mode: 0o600, flag: 'wx', flush: true })
          renameSync(building, folder(id))
          return one
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
        throw error instanceof ConfigurationError ? options.changed(one.id) : error
      }
    },
    destroy: (id, now) =>
      locked(() => {
        const one = find(id)
        if (!one) throw new ChainonError('not-found', `there is no such ${what.one}`)
        const at = one.destroyed_at ?? new Date(now).toISOString()
        const sealed = join(folder(id), content)
        // What is destroyed is told as it is, where it is still here: the description beside it may have been changed.
        const key = existsSync(keyPath(id))
          ? fingerprintOf(keyFile(id), loadOrCreateSecret(secrets, keyFile(id), box))
          : one.key
        const sha256 = existsSync(sealed) ? sha256Of(readFileSync(sealed, 'utf8')) : one.sha256
        if (existsSync(keyPath(id))) overwrite(keyPath(id))
        proveClosed(one)
        for (const name of readdirSync(folder(id)))
          if (name !== DESCRIPTION && !options.stays(name)) overwrite(join(folder(id), name))
        const draft = join(folder(id), `${DESCRIPTION}.draft`)
        writeFileSync(draft, json({ ...one, destroyed_at: at }), { mode: 0o600, flush: true })
        renameSync(draft, join(folder(id), DESCRIPTION))
        return { key, sha256, at }
      }),
    sweep() {
      if (existsSync(root)) locked(() => undefined)
    },
  }
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
