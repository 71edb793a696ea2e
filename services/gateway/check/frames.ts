/** Bodies on a stream, each after its length in four bytes, the lowest first. */
const LENGTH_BYTES = 4

/** @throws Error when the stream ends within a body */
export async function* framesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = []
  let held = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    held += chunk.length
    const whole = () => {
      const bytes = Buffer.concat(chunks)
      chunks = [bytes]
      return bytes
    }
    while (held >= LENGTH_BYTES) {
      const first = chunks[0]
      const head = first && first.length >= LENGTH_BYTES ? first : whole()
      const end = LENGTH_BYTES + head.readUInt32LE(0)
      if (held < end) break
      const bytes = whole()
      yield bytes.subarray(LENGTH_BYTES, end)
      chunks = held > end ? [bytes.subarray(end)] : []
      held -= end
    }
  }
  if (held > 0) throw new Error('the input ends within a body')
}
