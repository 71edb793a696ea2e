/** Bodies in gzip and zstd, decompressed as they come. */
import { PassThrough, type Readable, Writable } from 'node:stream'
import { constants, createGunzip, createZstdDecompress, type ZstdDecompress } from 'node:zlib'

export interface Decompressor {
  /** What was sent. */
  readonly input: Writable
  /** What it says; it has the errors of both. */
  readonly output: Readable
}

const CHUNK_BYTES = 256 * 1024
/**
 * 8 MB, the largest window of zstd in HTTP (RFC 9659): a frame may ask for 128 times as much. The decoder writes no more of it than it has given out, and that counts.
 */
const WINDOW_LOG = 23
/** Of one body: each takes time, and the shortest frame is nine bytes. */
const MOST_DECODERS = 1000

export function decompressor(encoding: 'gzip' | 'zstd'): Decompressor {
  if (encoding === 'gzip') {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
    return { input: gunzip, output: gunzip }
  }
  return zstd()
}

/**
 * A body may be several frames (RFC 8878, 3). Node's decoder ends with the first one where the next one begins in the same piece, and leaves the rest of that
 * piece unread: another decoder reads on.
 */
function zstd(): Decompressor {
  const output = new PassThrough()
  let decoders = 0
  let current = begin()

  function begin(): ZstdDecompress {
    decoders++
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG }
    const one = createZstdDecompress({ chunkSize: CHUNK_BYTES, params })
    one.on('error', (error) => output.destroy(error))
    one.pipe(output, { end: false })
    return one
  }

  function feed(bytes: Buffer, done: () => void): void {
    const decoder = current
    const before = decoder.bytesWritten
    decoder.write(bytes, () => {
      const read = decoder.bytesWritten - before
      if (output.destroyed || read === bytes.length) return done()
      if (decoders === MOST_DECODERS) {
        output.destroy(new Error('too many frames'))
        return done()
      }
      const goOn = () => {
        current = begin()
        feed(bytes.subarray(read), done)
      }
      if (decoder.readableEnded) goOn()
      else decoder.once('end', goOn)
    })
  }

  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => feed(chunk, () => done()),
    final(done) {
      current.once('end', () => output.end())
      current.end()
      done()
    },
  })
  output.once('close', () => {
    current.destroy()
    input.destroy()
  })
  return { input, output }
}
