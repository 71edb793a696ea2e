/** Secret files of this host, in shares and back. Nothing is ever overwritten. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLEAR, type SecretBox } from '../crypto/secret-box.ts'
import { loadOrCreateSecret, storeSecret } from '../crypto/secrets.ts'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { type Restored, restored, type Share, sharesOf } from './shares.ts'

/** What opens snapshots of the linkage index (docs/adr/0060). Of its two halves the linker has the public one; the other is in shares alone. */
export const SNAPSHOT_KEY = 'linker/linkage-snapshot.key'

/** @returns the folder of a service's secrets */
export type FolderOf = (service: string) => string
/** @returns how the secrets of a folder stand in their files */
export type BoxOf = (folder: string) => Promise<SecretBox>

const inClearText: BoxOf = async () => CLEAR

/**
 * Writes one file for each custodian, with mode 0600.
 *
 * @param key `<service>/<file>`
 * @param out folder for the files; made when missing
 * @returns the files
 * @throws ConfigurationError when there is no such secret, or a file exists
 */
export async function backUp(
  key: string,
  folderOf: FolderOf,
  out: string,
  how: { readonly of: number; readonly need: number },
  now: string,
  boxOf: BoxOf = inClearText,
): Promise<readonly string[]> {
  const { folder, file } = placeOf(key, folderOf)
  if (!existsSync(join(folder, file)))
    throw new ConfigurationError('The key is not backed up', [`there is no ${join(folder, file)}`])
  return writeShares(await sharesOf(key, loadOrCreateSecret(folder, file, await boxOf(folder)), how, now), out)
}

/**
 * @param out folder for the files; made when missing
 * @returns the files, mode 0600
 * @throws ConfigurationError when one cannot be written, or exists
 */
export function writeShares(shares: readonly Share[], out: string): readonly string[] {
  return shares.map((share) => {
    const path = join(out, `${share.key.replace('/', '-')}.${share.set}.share-${share.number}-of-${share.of}.json`)
    try {
      mkdirSync(out, { recursive: true, mode: 0o700 })
      writeFileSync(path, `${JSON.stringify(share, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    } catch (error) {
      throw new ConfigurationError('A share cannot be written', [`${path}: ${errorCode(error)}`])
    }
    return path
  })
}

/** @param files of shares @throws ConfigurationError when they do not give a secret */
export function combined(files: readonly string[]): Promise<Restored> {
  return restored(new Map(files.map((file) => [file, contents(file)])))
}

/**
 * @param files of shares
 * @param dryRun writes nothing
 * @returns the key, and whether this host had it already
 * @throws ConfigurationError when the shares do not give the key, another secret is in its place, or it may be on no disk
 */
export async function restore(
  files: readonly string[],
  folderOf: FolderOf,
  dryRun: boolean,
  boxOf: BoxOf = inClearText,
): Promise<Omit<Restored, 'secret'> & { readonly path: string; readonly present: boolean }> {
  const { key, secret, fingerprint } = await combined(files)
  if (key === SNAPSHOT_KEY && !dryRun)
    throw new ConfigurationError('The key is not restored', [
      `${key} is in shares alone, and never on a disk: give these files to \`chainon link restore --share\``,
    ])
  const { folder, file } = placeOf(key, folderOf)
  const box = await boxOf(folder)
  const path = join(folder, file)
  const present = existsSync(path)
  if (present && !loadOrCreateSecret(folder, file, box).equals(secret))
    throw new ConfigurationError('The key is not restored', [
      `${path} is another key: move it away when it is the wrong one; records may already have been made with it`,
    ])
  if (!present && !dryRun) storeSecret(folder, file, secret, box)
  return { key, fingerprint, path, present }
}

function placeOf(key: string, folderOf: FolderOf): { readonly folder: string; readonly file: string } {
  const [, service = '', file = ''] = /^([a-z]+)\/([a-z0-9-]+\.key)$/.exec(key) ?? []
  if (file === '')
    throw new ConfigurationError('There is no such key', [
      `${key} must be <service>/<name>.key, as docs/security/secrets.md lists them`,
    ])
  return { folder: folderOf(service), file }
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError('A share cannot be read', [`${file}: ${errorCode(error)}`])
  }
}
