/** Frames of MLLP, in pieces of any size; what is wrong with one does not reach the next. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Framer, frame } from '../../../../services/gateway/mllp/framer.ts'

const VT = '\u000b'
const END = '\u001c\r'

/** @returns what a framer of ten bytes says, each piece given one after the other */
function read(...pieces: readonly string[]): readonly string[] {
  const framer = new Framer(10)
  return pieces.flatMap((piece) =>
    [...framer.push(Buffer.from(piece))].map((one) =>
      one.kind === 'message' ? one.bytes.toString() : 'head' in one ? `${one.kind} ${one.head.toString()}` : one.kind,
    ),
  )
}

test.each([
  ['one', [`${VT}abc${END}`], ['abc']],
  ['several in one piece, line ends between them', [`${VT}a${END}\r\n${VT}b${END}${VT}c${END}`], ['a', 'b', 'c']],
  ['the end in two pieces', [`${VT}a\u001c`, `\r${VT}b${END}`], ['a', 'b']],
  ['an empty one', [VT + END], ['']],
  [
    'an FS without a CR belongs to the message',
    [`${VT}a\u001cb${END}`, `${VT}a\u001c`, `b${END}`],
    ['a\u001cb', 'a\u001cb'],
  ],
  [
    'another frame begins before the end',
    [`${VT}abc${VT}d${END}`, `${VT}e`, `${VT}f${END}`],
    ['truncated', 'd', 'truncated', 'f'],
  ],
  ['bytes between frames', [`xx${VT}a${END}yy`, `zz${VT}b${END}`], ['stray', 'a', 'stray', 'stray', 'b']],
  [
    'the longest, and one byte more',
    [`${VT}0123456789${END}`, `${VT}0123456789a${END}${VT}b${END}`],
    ['0123456789', 'too-large 0123456789a', 'b'],
  ],
])('%s', (_name, pieces, expected) => {
  expect(read(...pieces)).toEqual(expected)
})

test('of a frame for which there is no room, its beginning is kept', () => {
  const framer = new Framer(100_000)
  expect([...framer.push(Buffer.from(`${VT}${'x'.repeat(50_000)}`))]).toEqual([])
  expect(framer.bytes).toBeGreaterThanOrEqual(50_000)
  framer.discard('no-room')
  expect(framer.bytes).toBeLessThanOrEqual(4096)
  expect([...framer.push(Buffer.from(`more${END}${VT}next${END}`))]).toEqual([
    { kind: 'no-room', head: Buffer.from('x'.repeat(4096)) },
    { kind: 'message', bytes: Buffer.from('next') },
  ])
})

test('however the bytes are cut, the messages are the same', () => {
  const messages = fc.array(
    fc
      .string({ unit: fc.constantFrom('a', '|', '\r', '\u001c', 'é'), maxLength: 8 })
      .filter((text) => !text.endsWith('\u001c') && !text.includes(END)),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map((one) => frame(Buffer.from(one))))
      const framer = new Framer(100)
      const found: string[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        for (const one of framer.push(bytes.subarray(at, at + size)))
          found.push(one.kind === 'message' ? one.bytes.toString() : one.kind)
        at += size
      }
      expect(found).toEqual(sent)
    }),
    { seed: 11, numRuns: 500 },
  )
})
