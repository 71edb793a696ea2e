import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstError, placeOf } from '#core/json/first-error.ts'

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** @returns the text before the error */
const before = (text: string) => {
  const bytes = Buffer.from(text)
  const offset = firstError(bytes)
  return offset === undefined ? undefined : bytes.toString('utf8', 0, offset)
}

test.each([
  ['{"a":x}', '{"a":'],
  ['{"a":1,}', '{"a":1,'],
  ['{"a" 1}', '{"a" '],
  ['[1 2]', '[1 '],
  ['[1,2', '[1,2'],
  ['', ''],
  ['{"a":"é\n"}', '{"a":"é'],
  ['{"a":"\\x"}', '{"a":"\\'],
  ['{"a":"\\u12g4"}', '{"a":"\\u12'],
  ['[1.]', '[1.'],
  ['[01]', '[0'],
  ['[tru]', '[tru'],
  ['[1]]', '[1]'],
  ["{'a':1}", '{'],
  ['{"a":1]', '{"a":1'],
  ['{"a":NaN}', '{"a":'],
])('%s', (text, expected) => expect(before(text)).toBe(expected))

test('there is an error where JSON.parse finds one, and nowhere else', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    'u0041',
    '1',
    '-',
    '.',
    'e',
    '+',
    '0',
    'true',
    'null',
    'n',
    ' ',
    '\n',
    'é',
    '\t',
  )
  const soup = fc.array(pieces, { maxLength: 12 }).map((list) => list.join(''))
  const cut = fc.json().chain((text) => fc.nat(text.length).map((at) => text.slice(0, at)))
  const changed = fc.tuple(fc.json(), fc.nat(), pieces).map(([text, at, piece]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + piece + text.slice(place + 1)
  })
  const property = fc.property(fc.oneof(soup, fc.json(), cut, changed), (text) => {
    expect(firstError(Buffer.from(text)) === undefined).toBe(isJson(text))
  })
  fc.assert(property, { seed: 5, numRuns: 5000 })
})

test('depth costs no stack', () => expect(firstError(Buffer.from('['.repeat(1_000_000)))).toBe(1_000_000))

test('a place is a line and a column in characters', () => {
  const text = Buffer.from('\ufeff{"é":\n"𝄞" x')
  expect(placeOf(text, text.indexOf('x'))).toEqual({ line: 2, column: 5 })
  expect(placeOf(text, text.indexOf(':'))).toEqual({ line: 1, column: 5 })
})
