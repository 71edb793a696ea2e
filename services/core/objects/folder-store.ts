/**
 * Objects as files of a folder. A file is written beside the objects, synced and renamed, so that whoever lists or reads sees whole objects only.
 * Rights are those of the process, without the rest of the world: processes of several accounts share the folder by its group.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeFailure } from '../faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { checkName, type ObjectStore } from './store.ts'

/** Files that are being written. */
const DRAFTS = 'drafts'
const FOLDER_MODE = 0o770
const FILE_MODE = 0o660
const BLOCK_BYTES = 1024 * 1024

/** @param root made when it does not exist @throws ConfigurationError when it cannot be made or written */
export async function folderStore(root: string): Promise<ObjectStore> {
  const drafts = join(root, DRAFTS)
  await mkdir(drafts, { recursive: true, mode: FOLDER_MODE }).catch((error: unknown) => {
    throw new ConfigurationError('The object store cannot be opened', [
      `CHAINON_OBJECT_DIR: ${codeOf(error) ?? 'error'}`,
    ])
  })
  const pathOf = (name: string) => join(root, checkName(name))
  return {
    put: (name, chunks) =>
      attempt(async () => {
        const path = pathOf(name)
        const draft = join(drafts, randomUUID())
        try {
          await writeDraft(draft, chunks)
          await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
          await rename(draft, path)
        } catch (error) {
          // A full disk must not stay full of halves.
          await rm(draft, { force: true }).catch(() => undefined)
          throw error
        }
        await syncFolders(root, dirname(path))
      }),
    get: (name) => attempt(() => orAbsent(readFile(pathOf(name)), undefined)),
    remove: (name) =>
      attempt(async () => {
        const path = pathOf(name)
        await rm(path, { force: true })
        // The last one of its folder: another process may write the next one meanwhile, and then it stays.
        await rmdir(dirname(path)).catch(() => undefined)
      }),
    list: (folder) =>
      attempt(async () => (await orAbsent(readdir(pathOf(folder)), [])).toSorted((a, b) => (a < b ? -1 : 1))),
    tidy: (before) =>
      attempt(async () => {
        let removed = 0
        for (const name of await readdir(drafts)) {
          const path = join(drafts, name)
          const found = await orAbsent(stat(path), undefined)
          if (!found || found.mtime >= before) continue
          await rm(path, { force: true })
          removed++
        }
        return removed
      }),
  }
}

async function writeDraft(path: string, chunks: Iterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE)
  try {
    for (const block of blocksOf(chunks)) await file.writeFile(block)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Many small pieces in few writes. */
function* blocksOf(chunks: Iterable<Buffer>): Generator<Buffer> {
  let held: Buffer[] = []
  let bytes = 0
  for (const chunk of chunks) {
    held.push(chunk)
    bytes += chunk.length
    if (bytes < BLOCK_BYTES) continue
    yield held.length === 1 ? chunk : Buffer.concat(held)
    held = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(held)
}

/** A rename is in its folder, and a new folder in the one above: both must be on the disk. */
async function syncFolders(root: string, from: string): Promise<void> {
  for (let at = from; ; at = dirname(at)) {
    const folder = await open(at, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
    if (at === root || at === dirname(at)) return
  }
}

async function orAbsent<T, U>(found: Promise<T>, absent: U): Promise<T | U> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return absent
    throw error
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    // Without a code of the system it is a bug of ours.
    if (codeOf(cause) === undefined) throw cause
    throw new ChainonError('dependency-unavailable', `the object store fails: ${describeFailure(cause)}`, { cause })
  }
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}
