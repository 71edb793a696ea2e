/** Changes of valid inputs: cut, torn, repeated, mixed, and with what parsers fail on. */
import type { Random } from './random.ts'

/** Bytes that mean something to one of the formats, or to what is behind it. */
const HOSTILE: readonly Buffer[] = [
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ';',
    '|',
    '^',
    '~',
    '&',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '""',
    "'",
    '\0',
    '\u000b',
    '\u001c',
    '\u001b',
    '\ufeff',
    '\u2028',
  ],
  ...[
    'null',
    'true',
    '1e999',
    '-0',
    '12345678901234567890',
    '1e-400',
    'NaN',
    '9007199254740993',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    '\\ud800',
    '\\u0000',
    '\\X00\\',
    '\\E\\',
    '\\.br\\',
    '\\Cxxyy\\',
    'MSH|',
    '\rMSH|^~\\&|',
    '\rBTS|99\r',
    '\rFHS|^~\\&\r',
    '=1+1',
    '${x}',
    '%s',
    '../',
    '<!DOCTYPE x>',
  ],
  ...[
    '0000-00-00',
    '2024-02-30',
    '9999-12-31T23:59:59.999999999+99:99',
    '31/02/2024',
    '20240230',
    '24:00',
    '-1',
    '١٢٣',
    'é',
    '𝄞',
    'ﬁ',
    'İ',
  ],
].map((text) => Buffer.from(text))
const BYTES: readonly Buffer[] = [
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
]
const MAX_CHANGES = 4

/** @param keep bytes at the start that stay as they are */
export function mutate(random: Random, valid: Buffer, keep = 0): Buffer {
  let bytes = valid
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left--)
    bytes = change(random, bytes, Math.min(keep, bytes.length))
  return bytes
}

function change(random: Random, bytes: Buffer, keep: number): Buffer {
  const at = keep + random.below(bytes.length - keep + 1)
  const to = at + random.below(Math.min(40, bytes.length - at) + 1)
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
  switch (random.below(8)) {
    case 0:
      return before
    case 1:
      return Buffer.concat([before, after])
    case 2:
      return Buffer.concat([before, part, part, after])
    case 3:
      return Buffer.concat([before, ...Array.from({ length: 1 + random.below(500) }, () => part), after])
    case 4:
      return Buffer.concat([before, random.pick(BYTES), part, after])
    case 5: {
      const copy = Buffer.from(bytes)
      if (at < copy.length) copy[at] = random.below(256)
      return copy
    }
    case 6:
      return Buffer.concat([
        before,
        ...Array.from({ length: 1 + random.below(300) }, () => random.pick(HOSTILE)),
        after,
      ])
    default:
      return Buffer.concat([before, random.pick(HOSTILE), after])
  }
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  9_007_199_254_740_991,
  '',
  ' ',
  'x',
  '2024-02-30',
  '2024',
  '\ud800',
  '\u0000',
  [],
  {},
  [[]],
  [null],
  [{}],
  { value: {} },
  'x'.repeat(5000),
]

/** @returns a copy of a JSON value of which some members are other values, missing, nested deep, or beside unexpected ones */
export function mutateValue(random: Random, value: unknown, depth = 0): unknown {
  if (depth > 0 && random.below(12) === 0) return hostileValue(random)
  if (Array.isArray(value)) {
    const list = value.map((item) => mutateValue(random, item, depth + 1))
    return random.below(10) === 0 ? [...list, ...list] : list
  }
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).flatMap(([name, member]) =>
    random.below(20) === 0 ? [] : [[name, mutateValue(random, member, depth + 1)] as const],
  )
  if (random.below(10) === 0)
    members.push([
      random.pick(['__proto__', 'constructor', 'extra', '', 'modifierExtension', 'value']),
      hostileValue(random),
    ])
  return Object.fromEntries(members)
}

function hostileValue(random: Random): unknown {
  if (random.below(10) > 0) return random.pick(VALUES)
  let deep: unknown = 'x'
  for (let left = random.below(300); left > 0; left--) deep = random.below(2) === 0 ? [deep] : { value: deep }
  return deep
}
