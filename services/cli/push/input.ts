/** The bytes of a file, as a stream, decompressed. */
import { createReadStream, statSync } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { ConfigurationError } from '#core/faults/errors.ts'

export interface Input {
  /** Bytes of the file, undefined for standard input. */
  readonly size: number | undefined
  readonly modified: number | undefined
  /** Bytes read so far, before decompression. */
  readonly read: () => number
  readonly open: () => Readable
}

export const CUT_SHORT = 'it is damaged or cut short; the records before that place may have been sent'

const CHUNK_BYTES = 256 * 1024

/** @param path a file, `.gz` and `.zst` too, or `-` for standard input @throws ConfigurationError when there is no such file */
export function inputOf(path: string): Input {
  const stat = path === '-' ? undefined : statOf(path)
  let read = 0
  return {
    size: stat?.size,
    modified: stat?.mtimeMs,
    read: () => read,
    open: () => {
      const raw = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES })
      raw.on('data', (chunk: Buffer | string) => {
        read += chunk.length
      })
      // A failure of either stream ends the other, and the reader receives the error: the callback is empty.
      if (path.endsWith('.gz')) return pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined)
      if (path.endsWith('.zst')) return pipeline(raw, createZstdDecompress({ chunkSize: CHUNK_BYTES }), () => undefined)
      return raw
    },
  }
}

/** @returns why a file cannot be read, for its reader; a fault of Chainon stays one */
export function describeReadFailure(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case undefined:
    case 'Z_BUF_ERROR':
    case 'Z_DATA_ERROR':
      return CUT_SHORT
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
      return 'this user has no permission to read it'
    case 'EISDIR':
      return 'it is a folder'
    default:
      return error.code.startsWith('ZSTD_') ? CUT_SHORT : error.code
  }
}

export function unreadable(path: string, why: string): ConfigurationError {
  return new ConfigurationError('The file cannot be read', [`${path}: ${why}`])
}

function statOf(path: string) {
  try {
    return statSync(path)
  } catch (error) {
    throw unreadable(path, describeReadFailure(error as NodeJS.ErrnoException))
  }
}
