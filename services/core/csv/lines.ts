/** Lines of a stream, bounded in memory. */

export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end, each byte as one character; undefined for a line that is longer than allowed. */
  readonly text: string | undefined
}

/** @param end the byte that ends a line; with `\n`, a `\r` before it stays in the text */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  end: '\n' | '\r',
  maxBytes: number,
): AsyncGenerator<Line> {
  const byte = end.charCodeAt(0)
  let rest: Buffer[] = []
  let bytes = 0
  let number = 0
  const line = (piece: Buffer): Line => {
    const tooLong = bytes + piece.length > maxBytes
    const text = tooLong
      ? undefined
      : rest.length > 0
        ? Buffer.concat([...rest, piece]).toString('latin1')
        : piece.toString('latin1')
    rest = []
    bytes = 0
    number++
    return { number, text }
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(byte); at !== -1; at = chunk.indexOf(byte, start)) {
      const found = line(chunk.subarray(start, at))
      start = at + 1
      yield found
    }
    if (start === chunk.length) continue
    const piece = chunk.subarray(start)
    bytes += piece.length
    if (bytes <= maxBytes) rest.push(piece)
    else rest = []
  }
  if (bytes > 0) yield line(Buffer.alloc(0))
}
