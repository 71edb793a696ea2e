/** Reads a request's body into memory, within bounds: the size after decompression counts, not the size that was sent. */
import type { Readable } from 'node:stream'
import { createGunzip, type Gunzip } from 'node:zlib'
import { ProblemError } from '../problem.ts'
import type { Ticket } from './in-flight.ts'
import type { BodyEncoding } from './media-types.ts'

const GUNZIP_CHUNK_BYTES = 256 * 1024

/**
 * @param maxBytes largest body after decompression
 * @param ticket grows with the bytes in memory
 * @throws ProblemError body-too-large, truncated-gzip, too-many-in-flight, or malformed-body when the client disconnects
 */
export function readBody(source: Readable, encoding: BodyEncoding, maxBytes: number, ticket: Ticket): Promise<Buffer> {
  const gunzip = encoding === 'gzip' ? createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES }) : undefined
  const stream: Readable = gunzip ?? source
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let ended = false
    const end = (finish: () => void) => {
      if (ended) return
      ended = true
      stream.off('data', onData)
      if (gunzip) detach(source, gunzip)
      finish()
    }
    const fail = (error: ProblemError) => end(() => reject(error))
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) return fail(tooLarge(maxBytes))
      if (!ticket.growTo(bytes)) return fail(new ProblemError('too-many-in-flight'))
      chunks.push(chunk)
    }
    stream.on('data', onData)
    stream.once('end', () =>
      end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes))),
    )
    // The listener stays: a socket may fail after the answer is decided, and an error event without a listener ends the process.
    source.on('error', () => fail(new ProblemError('malformed-body', 'The connection ended before the body did.')))
    source.once('close', () => {
      if (!source.readableEnded) fail(new ProblemError('malformed-body', 'The connection ended before the body did.'))
    })
    if (gunzip) {
      gunzip.on('error', () => fail(new ProblemError('truncated-gzip')))
      source.pipe(gunzip)
    }
  })
}

export function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError(
    'body-too-large',
    `A body may have at most ${maxBytes} bytes after decompression; send several requests.`,
  )
}

function detach(source: Readable, gunzip: Gunzip): void {
  source.unpipe(gunzip)
  gunzip.destroy()
}
