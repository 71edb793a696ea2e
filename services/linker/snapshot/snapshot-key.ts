/**
 * For whom snapshots of the index are sealed: a pair of X25519, of which the linker has the public half and custodians have the other in shares. So
 * neither the linker nor who has its disk opens a snapshot that is there.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'
import { SNAPSHOT_KEY, writeShares } from '#core/custody/backup.ts'
import { fingerprintOf } from '#core/custody/registered-secret.ts'
import { sharesOf } from '#core/custody/shares.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { keyIdOf, publicKeyOf } from '#core/sealing/hpke.ts'

const FILE = 'linkage-snapshot.json'
const SEED_BYTES = 32

const KeyFile = Type.Object(
  {
    public_key: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** Of the secret half, as the shares name it. */
    fingerprint: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    shares: Type.Integer(),
    need: Type.Integer(),
    made_at: Type.String(),
    /** By the key of the index: who only writes into the folder does not put a public key of his own there. */
    mac: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
)
type KeyFile = Static<typeof KeyFile>

export interface SnapshotKey {
  /** 32 bytes */
  readonly publicKey: Buffer
  readonly id: string
  /** Of the secret half, as the shares name it. */
  readonly fingerprint: string
  readonly madeAt: string
}

/**
 * Makes a pair, writes the shares of its secret half, and then the public one. The secret half is in no file.
 *
 * @param folder of the linker's secrets
 * @param indexSecret of the index, 32 bytes
 * @param how shares, how many of them open a snapshot, and the folder they are written to; replace: a pair that is there is given up for later snapshots
 * @param now ISO 8601
 * @throws ConfigurationError when there is one already, or a file cannot be written
 */
export async function makeSnapshotKey(
  folder: string,
  indexSecret: Buffer,
  how: { readonly of: number; readonly need: number; readonly out: string; readonly replace: boolean },
  now: string,
): Promise<SnapshotKey & { readonly files: readonly string[] }> {
  const path = join(folder, FILE)
  if (existsSync(path) && !how.replace)
    throw new ConfigurationError('The snapshot key is not made', [
      `${path} is there: its custodians have the shares. With --replace later snapshots are sealed for a new one; keep the former shares as long as snapshots of before`,
    ])
  const seed = randomBytes(SEED_BYTES)
  try {
    const publicKey = await publicKeyOf(seed)
    const fingerprint = fingerprintOf(SNAPSHOT_KEY, seed)
    const files = writeShares(await sharesOf(SNAPSHOT_KEY, seed, how, now), how.out)
    const content = { public_key: publicKey.toString('hex'), fingerprint, shares: how.of, need: how.need, made_at: now }
    write(folder, path, { ...content, mac: macOf(indexSecret, content).toString('hex') })
    return { publicKey, id: keyIdOf(publicKey), fingerprint, madeAt: now, files }
  } finally {
    seed.fill(0)
  }
}

/**
 * @returns undefined where none was made
 * @throws ConfigurationError when the file was changed, or written for another key of the index
 */
export function readSnapshotKey(folder: string, indexSecret: Buffer): SnapshotKey | undefined {
  const path = join(folder, FILE)
  if (!existsSync(path)) return undefined
  const { mac, ...content } = parsed(path)
  if (!timingSafeEqual(Buffer.from(mac, 'hex'), macOf(indexSecret, content)))
    throw new ConfigurationError('The snapshot key is not that of this linker', [
      `${path} was changed, or written for another linkage-index.key: no snapshot is sealed for it. Put the file back, or run \`chainon link snapshot-key --replace\``,
    ])
  const publicKey = Buffer.from(content.public_key, 'hex')
  return { publicKey, id: keyIdOf(publicKey), fingerprint: content.fingerprint, madeAt: content.made_at }
}

/**
 * Binds the public half to another key of the index, where there is one; done twice, it is as done once.
 * @throws ConfigurationError when the file was changed, or is of neither key
 */
export function moveSnapshotKey(folder: string, from: Buffer, to: Buffer): void {
  const path = join(folder, FILE)
  if (!existsSync(path)) return
  const { mac, ...content } = parsed(path)
  const moved = macOf(to, content)
  if (timingSafeEqual(Buffer.from(mac, 'hex'), moved)) return
  readSnapshotKey(folder, from)
  write(folder, path, { ...content, mac: moved.toString('hex') })
}

function parsed(path: string): KeyFile {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (Value.Check(KeyFile, value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError))
      throw new ConfigurationError('The snapshot key cannot be read', [`${path}: ${errorCode(error)}`])
  }
  throw new ConfigurationError('The snapshot key cannot be read', [`${path} is damaged: put it back from a backup`])
}

function macOf(indexSecret: Buffer, content: Omit<KeyFile, 'mac'>): Buffer {
  const { public_key, fingerprint, shares, need, made_at } = content
  const text = [public_key, fingerprint, shares, need, made_at].join('\n')
  return hmacSha256(deriveKey(indexSecret, 'chainon/linkage/snapshot-key/1')).bytes(text)
}

function write(folder: string, path: string, file: KeyFile): void {
  const draft = `${path}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(draft, path)
  } catch (error) {
    throw new ConfigurationError('The snapshot key cannot be written', [`${path}: ${errorCode(error)}`])
  }
}
