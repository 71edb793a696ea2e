/** Bodies on a stream, however it is cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { framesOf } from '../../../../services/gateway/check/frames.ts'

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

async function read(stream: AsyncIterable<Buffer>): Promise<string[]> {
  const found: string[] = []
  for await (const body of framesOf(stream)) found.push(body.toString())
  return found
}

function framed(bodies: readonly string[]): Buffer {
  return Buffer.concat(
    bodies.map((body) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(Buffer.byteLength(body))
      return Buffer.concat([length, Buffer.from(body)])
    }),
  )
}

test('bodies are the same wherever the stream is cut', async () => {
  const sizes = fc.array(fc.nat(7), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 12 }), { maxLength: 6 }), sizes, async (bodies, cuts) => {
      expect(await read(cut(framed(bodies), cuts))).toEqual(bodies)
    }),
  )
})

test('a stream that ends within a body is an error', async () => {
  await expect(read(cut(framed(['whole', 'cut']).subarray(0, -1), []))).rejects.toThrow('within a body')
})
