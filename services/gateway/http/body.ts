/** Reads a request's body into memory, within bounds: the size after decompression counts, not the size that was sent. */
import type { Readable } from 'node:stream'
import { ProblemError } from '../problem.ts'
import { type Decompressor, decompressor } from './decompress.ts'
import type { BodyEncoding } from './media-types.ts'
import { type Pace, watchPace } from './pace.ts'

export interface BodyLimits {
  /** Largest body after decompression. */
  readonly maxBodyBytes: number
  readonly pace: Pace
}

/**
 * @param grow called with the bytes in memory so far, before more are kept; its problem ends the reading
 * @param tooSlow called when the body is given up because it does not come
 * @throws ProblemError body-too-large, truncated-gzip, truncated-zstd, upload-too-slow, malformed-body when the client disconnects, and those of `grow`
 */
export function readBody(
  source: Readable,
  encoding: BodyEncoding,
  limits: BodyLimits,
  grow: (bytes: number) => ProblemError | undefined,
  tooSlow: (reason: 'slow-rate' | 'slow-total') => void = () => undefined,
): Promise<Buffer> {
  const { maxBodyBytes, pace } = limits
  const decompressed = encoding === 'identity' ? undefined : decompressor(encoding)
  const stream = decompressed?.output ?? source
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let ended = false
    const watch = watchPace(pace, (reason) => {
      tooSlow(reason)
      fail(slow(pace))
    })
    const end = (finish: () => void) => {
      if (ended) return
      ended = true
      watch.stop()
      source.off('data', onSent)
      stream.off('data', onData)
      if (decompressed) detach(source, decompressed)
      finish()
    }
    const fail = (error: ProblemError) => end(() => reject(error))
    const onSent = (chunk: Buffer) => watch.received(chunk.length)
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBodyBytes) return fail(tooLarge(maxBodyBytes))
      const problem = grow(bytes)
      if (problem) return fail(problem)
      chunks.push(chunk)
    }
    source.on('data', onSent)
    stream.on('data', onData)
    stream.once('end', () =>
      end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes))),
    )
    // The listener stays: a socket may fail after the answer is decided, and an error event without a listener ends the process.
    source.on('error', () => fail(new ProblemError('malformed-body', 'The connection ended before the body did.')))
    source.once('close', () => {
      if (!source.readableEnded) fail(new ProblemError('malformed-body', 'The connection ended before the body did.'))
    })
    if (decompressed) {
      const damaged = encoding === 'zstd' ? 'truncated-zstd' : 'truncated-gzip'
      stream.on('error', () => fail(new ProblemError(damaged)))
      source.pipe(decompressed.input)
    }
  })
}

export function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError(
    'body-too-large',
    `A body may have at most ${maxBytes} bytes after decompression; send several requests.`,
  )
}

function slow({ totalMs, windowMs, minBytesPerSecond }: Pace): ProblemError {
  return new ProblemError(
    'upload-too-slow',
    `A body must come within ${totalMs / 1000} s, and at ${minBytesPerSecond} bytes per second, measured over ${windowMs / 1000} s.`,
  )
}

function detach(source: Readable, { input, output }: Decompressor): void {
  source.unpipe(input)
  input.destroy()
  output.destroy()
}
