import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorCode } from '#core/faults/describe-failure.ts'
import { EngineError, frontError } from './errors.ts'

/**
 * Temporary files through which rows go into the engine and come out of it without becoming V8 strings. They contain
 * records: mode 0600 in a folder of mode 0700, removed after use, and all removed at start.
 */
export class Spool {
  readonly #folder: string

  /** Makes the folder, and removes what a killed process left. Call it only while this process has the lock of the data folder. */
  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true })
  }

  /** The path of a file that does not exist yet. The engine does not read its extension as a compression. */
  path(): string {
    return join(this.#folder, `${randomUUID()}.data`)
  }

  /**
   * Writes `head`, then the whole of `body`, and resolves only when all of it is written: an INSERT never starts with
   * an incomplete body. On any failure the file is removed.
   * @throws EngineError when the body is incomplete, too large (bytes) or not in its encoding, or the disk is full.
   */
  async fill(head: Buffer, body: readonly [Readable, ...Transform[]] | undefined, limit: number): Promise<string> {
    const path = this.path()
    try {
      const file = await open(path, 'wx', 0o600)
      try {
        if (head.length > 0) await file.writeFile(head)
        if (body) await pipeline([...body, atMost(limit - head.length, limit), file.createWriteStream()])
      } finally {
        await file.close().catch(() => undefined)
      }
      return path
    } catch (error) {
      await this.remove(path)
      throw asBodyError(error)
    }
  }

  /** Opens a result and unlinks it at once, so that it cannot remain after this process. */
  async openResult(path: string): Promise<FileHandle> {
    const file = await open(path, 'r')
    await this.remove(path)
    return file
  }

  async remove(path: string): Promise<void> {
    await unlink(path).catch(() => undefined)
  }
}

/** Passes bytes through, and fails after more than `left` of them. */
export function atMost(left: number, limit: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > left) done(frontError.tooLarge(limit))
      else done(null, chunk)
    },
  })
}

/** Names why a body could not be read. System errors contain a code and no record. */
export function asBodyError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const code = errorCode(error)
  if (['ENOSPC', 'EROFS', 'EACCES', 'EDQUOT', 'EIO', 'ENOENT'].includes(code)) return frontError.spool(code)
  return frontError.badBody(code)
}
