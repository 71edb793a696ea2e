/** Whoever can write to the topic, the table or an exported file, and what the verification says of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashOf, writeEntry } from '#core/journal/entry.ts'
import { verifyJournal } from '#core/journal/verify.ts'
import { AT, gateway, journal, operator, placed, revocation, stranger, trusted } from './chain.ts'

const writers = trusted(gateway, operator)
const first = (lines: readonly string[], known: ReturnType<typeof journal>['heads'] = new Map()) =>
  verifyJournal(placed(lines), writers, known).findings[0]

/** Ten entries: of the gateway, the operator and the gateway again, an anchor after each three. */
function written() {
  const one = journal()
  for (let round = 0; round < 3; round++) {
    one.write(gateway)
    one.write(operator)
    one.write(gateway)
    one.anchor(operator)
  }
  return one
}

test('a journal that nobody touched has no finding, and its heads', () => {
  const { lines, heads } = written()
  expect(verifyJournal(placed(lines), writers, heads)).toEqual({ entries: 12, repeated: 0, findings: [], heads })
})

test('an entry that stands twice, word for word, is what a killed sender leaves', () => {
  const { lines, heads } = written()
  // The sender was killed after its batch of 3 to 5 had arrived.
  const twice = [...lines.slice(0, 6), ...lines.slice(3, 6), ...lines.slice(6)]
  const { findings, repeated } = verifyJournal(placed(twice), writers, new Map())
  expect([findings.filter(({ kind }) => kind !== 'anchor'), repeated]).toEqual([[], 3])
  // The anchors name offsets: with those of the real topic they hold, too.
  const real = journal()
  real.write(gateway)
  real.lines.push(real.lines[0] ?? '')
  real.anchor(operator)
  expect(verifyJournal(placed(real.lines), writers, real.heads)).toMatchObject({ findings: [], repeated: 1 })
  expect(heads.size).toBe(2)
})

describe('an attacker who can write to the topic', () => {
  test('changes what an entry says', () => {
    const { lines } = written()
    const changed = lines.with(4, (lines[4] ?? '').replace('os:root', 'os:eve'))
    expect(first(changed)).toMatchObject({ kind: 'forged', offset: 4, writer: gateway.name, sequence: 3 })
  })

  test('changes one character anywhere', () => {
    const { lines } = written()
    const line = lines[5] ?? ''
    fc.assert(
      fc.property(fc.integer({ min: 0, max: line.length - 1 }), fc.constantFrom('0', 'a', '"', ' '), (at, letter) => {
        fc.pre(line[at] !== letter)
        const changed = `${line.slice(0, at)}${letter}${line.slice(at + 1)}`
        expect(first(lines.with(5, changed))).toMatchObject({ offset: 5 })
      }),
      { numRuns: 40 },
    )
  })

  test('removes an entry', () => {
    const { lines } = written()
    const rest = placed(lines).toSpliced(2, 1)
    const { findings } = verifyJournal(rest, writers, new Map())
    // The anchor right after it says so first; without anchors the next entry of the writer does.
    expect(findings.slice(0, 2)).toMatchObject([
      { kind: 'anchor', offset: 3, writer: operator.name },
      { kind: 'missing', offset: 4, writer: gateway.name, sequence: 3 },
    ])
    const plain = journal()
    for (let at = 0; at < 4; at++) plain.write(gateway)
    expect(first(plain.lines.toSpliced(2, 1))).toMatchObject({ kind: 'missing', offset: 2, sequence: 4 })
  })

  test('removes the first entry of a writer', () => {
    const { lines } = written()
    const { findings } = verifyJournal(placed(lines).toSpliced(0, 1), writers, new Map())
    expect(findings[0]).toMatchObject({ kind: 'missing', offset: 2, sequence: 2 })
  })

  test('exchanges two entries of a writer', () => {
    const { lines } = written()
    const [a = '', b = ''] = [lines[0], lines[2]]
    const kinds = verifyJournal(placed(lines.with(0, b).with(2, a)), writers, new Map()).findings.map(
      ({ kind }) => kind,
    )
    expect(kinds.slice(0, 2)).toEqual(['missing', 'reordered'])
  })

  test('moves an entry of another writer across an anchor', () => {
    const one = journal()
    one.write(gateway)
    one.write(gateway)
    one.anchor(operator)
    one.write(gateway)
    one.anchor(operator)
    const [a = '', b = '', bound = '', c = '', end = ''] = one.lines
    expect(first([a, b, bound, c, end])).toBeUndefined()
    // Each chain is as it was: only an anchor knows what stood before it.
    expect(first([a, bound, b, c, end])).toMatchObject({ kind: 'anchor', writer: operator.name })
  })

  test('cuts the end off', () => {
    const { lines, heads } = written()
    expect(first(lines.slice(0, -3)), 'nothing but a head shows it').toBeUndefined()
    expect(first(lines.slice(0, -3), heads)).toMatchObject({ kind: 'truncated', offset: null, sequence: 6 })
  })

  test('removes a writer altogether', () => {
    const one = journal()
    one.write(gateway)
    one.write(operator)
    one.anchor(operator)
    const without = one.lines.toSpliced(0, 1)
    expect(first(without)).toMatchObject({ kind: 'anchor' })
    expect(first([one.lines[1] ?? ''], one.heads)).toMatchObject({ kind: 'truncated', writer: gateway.name })
  })

  test('makes an entry with a key of his own, under the name of a writer and under his own', () => {
    const { lines, heads } = written()
    const head = heads.get(gateway.name)
    if (!head) throw new Error('no head')
    const forged = writeEntry({ ...stranger, name: gateway.name }, head, revocation(), AT)
    expect(first([...lines, forged])).toMatchObject({ kind: 'forged', offset: 12, sequence: 7 })
    const own = writeEntry(stranger, { sequence: 0, hash: '0'.repeat(64) }, revocation(), AT)
    expect(first([...lines, own])).toMatchObject({ kind: 'unknown-writer', offset: 12 })
  })

  test('adds a line that is no entry', () => {
    const { lines } = written()
    expect(first([...lines, '{}'])).toMatchObject({ kind: 'malformed', offset: 12, sequence: null })
  })

  test('builds the whole chain again with his key', () => {
    const one = journal()
    for (let at = 0; at < 3; at++) one.write(stranger)
    expect(first(one.lines)).toMatchObject({ kind: 'unknown-writer', offset: 0 })
  })
})

describe('who has the key of a writer', () => {
  test('writes its past again: the head that was kept elsewhere is another one', () => {
    const { lines, heads } = written()
    const again = journal()
    for (const line of lines) {
      if (!line.includes(operator.name)) again.write(gateway, revocation('ba9876543210'))
    }
    const kept = new Map([...heads].filter(([name]) => name === gateway.name))
    expect(first(again.lines, kept)).toMatchObject({ kind: 'fork', sequence: 6 })
  })

  test('goes on from an old copy of its state: two entries with one number', () => {
    const { lines } = written()
    const head = { sequence: 1, hash: hashOf(lines[0] ?? '') }
    const other = writeEntry(gateway, head, revocation('ba9876543210'), AT)
    expect(first([...lines, other])).toMatchObject({ kind: 'fork', offset: 12, sequence: 2 })
  })
})

test('a signature has one written form', () => {
  const one = journal()
  one.write(gateway)
  const [line = ''] = one.lines
  const others = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    .split('')
    .map((letter) => `${line.slice(0, -3)}${letter}"}`)
  const right = others.filter((other) => first([other]) === undefined)
  expect(right).toEqual([line])
})
