/** Encodings of a file: what it begins with says which one, or its bytes do. */
import { isUtf8 } from 'node:buffer'
import { ChainonError } from '../faults/errors.ts'

/** Names of the WHATWG Encoding Standard. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-15'] as const
export type EncodingName = (typeof ENCODINGS)[number]

/** @param sample the first bytes of the file; a character may be cut at its end */
export function detectEncoding(sample: Buffer): EncodingName {
  if (sample[0] === 0xff && sample[1] === 0xfe) return 'utf-16le'
  if (sample[0] === 0xfe && sample[1] === 0xff) return 'utf-16be'
  // Without a mark, every other byte of mostly Latin text is zero.
  const zeros = [0, 0]
  for (const [at, byte] of sample.subarray(0, 4096).entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const quarter = Math.min(sample.length, 4096) / 8
  const [even = 0, odd = 0] = zeros
  if (odd > quarter && even < odd / 8) return 'utf-16le'
  if (even > quarter && odd < even / 8) return 'utf-16be'
  // A character of UTF-8 is cut after at most 3 of its bytes.
  for (let cut = 0; cut <= Math.min(3, sample.length); cut++)
    if (isUtf8(sample.subarray(0, sample.length - cut))) return 'utf-8'
  return 'windows-1252'
}

/** @returns a function that decodes bytes given as characters (ISO 8859-1); undefined when they are not in the encoding */
export function cellDecoder(encoding: EncodingName): (bytes: string) => string | undefined {
  // What is UTF-16 was made UTF-8 before it was cut into rows.
  const decoder = new TextDecoder(encoding.startsWith('utf-16') ? 'utf-8' : encoding, { fatal: true, ignoreBOM: true })
  return (bytes) => {
    if (/^[\0-\x7f]*$/.test(bytes)) return bytes
    try {
      return decoder.decode(Buffer.from(bytes, 'latin1'))
    } catch {
      return undefined
    }
  }
}

/** @returns the bytes without their byte order mark, UTF-16 as UTF-8 @throws ChainonError malformed-body where they are not UTF-16 */
export async function* asciiBytes(
  chunks: AsyncIterable<Buffer>,
  encoding: EncodingName,
  path: string,
): AsyncGenerator<Buffer> {
  const decoder = encoding.startsWith('utf-16') ? new TextDecoder(encoding, { fatal: true }) : undefined
  let begun = false
  for await (const chunk of decoder ? utf8Of(chunks, decoder, path) : chunks) {
    if (begun || decoder) yield chunk
    else {
      const marked = encoding === 'utf-8' && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf
      yield marked ? chunk.subarray(3) : chunk
    }
    begun = true
  }
}

async function* utf8Of(chunks: AsyncIterable<Buffer>, decoder: TextDecoder, path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }))
    yield Buffer.from(decoder.decode())
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ChainonError(
      'malformed-body',
      `${path} is not ${decoder.encoding} throughout; the rows before that place may have been sent.`,
    )
  }
}
