/** The files of private sealing keys: for their user alone, in clear text or sealed, replaced in one step. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename } from 'node:path'
import type { SecretBox } from '../crypto/secret-box.ts'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'

/** @returns undefined when there is no such file */
export type Read = (file: string) => string | undefined
/** Appears with its content in one step, and is on the disk when this returns. */
export type Write = (file: string, text: string) => void

/** @param box how a secret stands in its file; one in clear text is sealed in its place when it is read */
export function secretFiles(box: SecretBox): { readonly read: Read; readonly write: Write } {
  function write(file: string, text: string): void {
    const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
    try {
      writeFileSync(draft, `${box.seal(basename(file), text.trim())}\n`, { mode: 0o600, flag: 'wx', flush: true })
      renameSync(draft, file)
    } catch (error) {
      rmSync(draft, { force: true })
      throw new ConfigurationError('The sealing keys cannot be written', [`${file}: ${errorCode(error)}`])
    }
  }
  return {
    write,
    read(file) {
      const stored = contents(file)
      if (stored === undefined) return undefined
      const text = box.open(basename(file), stored)
      if (box.isStale(stored)) write(file, text)
      return text
    },
  }
}

function contents(file: string): string | undefined {
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new ConfigurationError('A secret is not safe', [
        `${file} is readable by others: run chmod 600 on it, and check who may have read it`,
      ])
    }
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Overwritten before it is removed, for file systems that write in place; others need an encrypted disk. */
export function overwrite(file: string): void {
  const descriptor = openSync(file, 'r+')
  const { size } = fstatSync(descriptor)
  writeSync(descriptor, randomBytes(size), 0, size, 0)
  fsyncSync(descriptor)
  closeSync(descriptor)
  rmSync(file)
}
