/** What a log may contain of an error: kind, code and stack, and a message only if it cannot quote a record. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ChainonError } from '#core/faults/errors.ts'
import { safeError } from '#core/telemetry/logger.ts'

const SECRET = 'MARTIN-1850578006084'
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('safeError', () => {
  it.each([
    ['a parser', thrownBy(() => JSON.parse(SECRET))],
    ["Node's check of an argument", thrownBy(() => Buffer.alloc(SECRET as unknown as number))],
    [
      "Node's check of a value",
      thrownBy(() =>
        createHash('sha256')
          .update('x')
          .digest()
          .readUInt8(SECRET as never),
      ),
    ],
    ['a message of several lines', new Error(`unexpected\n    at ${SECRET}`)],
    ['an encoder, as a cause', new ChainonError('bug', 'a step failed', { cause: new Error(`invalid "${SECRET}"`) })],
    ['a value that is thrown', SECRET],
  ])('keeps no value that %s quotes', (_who, error) => {
    expect(error instanceof Error ? String(error.cause ?? error) : error).toContain(SECRET)
    expect(JSON.stringify(safeError(error))).not.toContain(SECRET)
  })

  it('keeps what helps: our own messages and those of connections', () => {
    expect(safeError(new ChainonError('gap', 'origin 4 is missing'))).toMatchObject({ message: 'origin 4 is missing' })
    const rejected = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), { code: 'ECONNREFUSED' })
    expect(safeError(rejected)).toMatchObject({ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:9092' })
  })
})
