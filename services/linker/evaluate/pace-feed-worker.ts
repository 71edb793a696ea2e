/** Reads a data set and encodes its records when it is asked, in a thread of its own (pace-feed.ts). */
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { ConfigurationError } from '#core/faults/errors.ts'
import { dataSetFor } from './data-set-for.ts'
import { encoding } from './encoding.ts'
import { type Asked, type Encoded, type FeedOf, PSEUDONYM_BYTES, type Ready } from './pace-feed.ts'

const port = parentPort as NonNullable<typeof parentPort>
const { dir, flags, prefix } = workerData as FeedOf

function serve(): void {
  const data = dataSetFor(dir, flags)
  const { traits, dates, passes } = data
  const { layout, kinds, encodeWritten } = encoding(data)

  /** In the form of a first-level pseudonym: its bytes are in the index, too. */
  const pseudonym = (kind: string, id: string) =>
    `p1_${createHash('sha256').update(`${prefix}/${kind}/${id}`).digest('base64url')}`

  function encode({ from, to }: Asked): Encoded {
    const count = to - from
    const filters = new Int32Array(count * layout.words)
    const tokens = new Int32Array(count * 2 * kinds.length)
    const newborn = new Uint8Array(count)
    const names = Buffer.alloc(count * 2 * PSEUDONYM_BYTES)
    for (let at = 0; at < count; at++) {
      const encoded = encodeWritten(data.record(from + at))
      filters.set(encoded.filters, at * layout.words)
      tokens.set(encoded.tokens, at * 2 * kinds.length)
      newborn[at] = encoded.newborn ? 1 : 0
      const id = data.ids[from + at] as string
      const both = pseudonym('record', id) + pseudonym('patient', id)
      names.write(both, at * 2 * PSEUDONYM_BYTES, 'latin1')
    }
    return { names: Uint8Array.from(names), filters, tokens, newborn }
  }

  const ready: Ready = { records: data.ids.length, form: { traits, dates, passes } }
  port.postMessage(ready)
  port.on('message', (asked: Asked) => {
    const encoded = encode(asked)
    port.postMessage(encoded, [
      encoded.names.buffer,
      encoded.filters.buffer,
      encoded.tokens.buffer,
      encoded.newborn.buffer,
    ])
  })
}

try {
  serve()
} catch (error) {
  // The class of an error does not come through to the other thread.
  if (!(error instanceof ConfigurationError)) throw error
  port.postMessage({ wrong: error.message.split(':\n')[0] ?? '', problems: error.problems } satisfies Ready)
}
