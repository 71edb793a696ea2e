import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { patternOf } from '#core/rules/pattern.ts'
import { readPattern } from '#core/rules/pattern-syntax.ts'

/** Generous: the pattern ends within milliseconds, or after years. */
const BOUND_MS = 60_000

/** A contract with this pattern, read and applied to a value as the workers do, in a process that can be killed. */
const CHECK = `
  import { readFileSync } from 'node:fs'
  import { parseContract } from '#core/contract/parse.ts'
  import { compileRules } from '#core/rules/compile.ts'
  const json = JSON.parse(readFileSync('schemas/feeds/diagnosis.avsc', 'utf8'))
  json.fields.find(({ name }) => name === 'code').rules = [
    { id: 'code-form', check: 'pattern', pattern: process.env.PATTERN, severity: 'flag' },
  ]
  const { ok, contract, problems } = parseContract('diagnosis', JSON.stringify(json))
  const rule = ok && compileRules(contract, 'pseudonymised').find(({ id }) => id === 'code-form')
  process.stdout.write(ok ? rule.check({ code: process.env.VALUE }, 0) : problems.join())
`

function check(pattern: string, value: string) {
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', CHECK], {
    env: { PATTERN: pattern, VALUE: value },
    encoding: 'utf8',
    timeout: BOUND_MS,
    killSignal: 'SIGKILL',
  })
  return { outcome: stdout, stderr, signal }
}

test.each([
  ['^(a+)+$', `${'a'.repeat(40)}!`],
  ['^(a|a)*$', `${'a'.repeat(40)}!`],
  ['^(a?){40}a{40}$', 'a'.repeat(39)],
])(
  '%s ends on a value that it almost matches',
  (pattern, value) => {
    expect(check(pattern, value)).toEqual({ outcome: 'failed', stderr: '', signal: null })
  },
  90_000,
)

test("V8 runs every pattern of the project's contracts: each has a bound", () => {
  const patterns = loadContracts('schemas/feeds').flatMap(({ fields }) =>
    fields.flatMap(({ rules }) => rules.flatMap((rule) => (rule.check === 'pattern' ? [rule.pattern] : []))),
  )
  expect(patterns.length).toBeGreaterThan(5)
  for (const pattern of patterns) expect([pattern, patternOf(pattern)]).toMatchObject([pattern, { engine: 'v8' }])
})

test.each(['a*', '^(a+)+$', '(a|b){0,20}', '[a-z]{500,1000}', '^(a?){40}a{40}$', 'a{2,}?'])(
  'RE2 runs %s: its backtracking has no small bound',
  (pattern) => expect(patternOf(pattern)).toMatchObject({ ok: true, engine: 're2' }),
)

test.each([
  ['(?=a)b', 'look-ahead'],
  ['(?!a)b', 'look-ahead'],
  ['(?<=a)b', 'look-behind'],
  ['(?<!a)b', 'look-behind'],
  ['(a)\\1', 'back-reference'],
  ['(?<x>a)\\k<x>', 'back-reference'],
  ['(?i:a)', 'a flag inside the pattern'],
  ['\\p{Script=Greek}', 'a Unicode property'],
  ['a\\B', 'the assertion'],
  ['a{5000}', 'repeats too much'],
  ['(a{900}){900}', 'repeats too much'],
  ['(', 'must be a regular expression'],
])('%s is refused, and the problem names why', (pattern, why) => {
  const found = patternOf(pattern)
  expect(found).toMatchObject({ ok: false, problem: expect.stringContaining(why) })
})

test('a pattern has at most 1000 characters', () => {
  expect(patternOf('a'.repeat(1001))).toMatchObject({ ok: false, problem: 'must have at most 1000 characters' })
})

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    '.',
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\.',
    '\\/',
    '\\u0062',
    '\\u{61}',
    '\\x61',
    '\\cJ',
    '\\0',
    '\\t',
    '\\v',
  ],
  ...[
    '[ab]',
    '[^a]',
    '[]',
    '[^]',
    '[[:alpha:]',
    '[a-c-]',
    '[-a]',
    '[\\s\\d]',
    '[^\\S]',
    '[\\b]',
    '[a\\-c]',
    '[+-9]',
    '[&&~~]',
    'é',
    '😀',
  ],
  ...['\\ud83d\\ude00', '^', '$', '\\b', '\\p{L}', '\\P{Lu}', '(?<n>a)', '(?:)', '#', '-', '"', '\\^', '\\$'],
)
const expression = fc.letrec<{ one: string; sequence: string }>((tie) => ({
  one: fc.oneof(
    { depthSize: 'small' },
    { arbitrary: atom, weight: 4 },
    { arbitrary: fc.tuple(tie('sequence'), tie('sequence')).map(([a, b]) => `(${a}|${b})`), weight: 1 },
    {
      arbitrary: fc
        .tuple(tie('sequence'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,}', '{0,2}', '{1,2}?'))
        .map(([a, quantifier]) => `(?:${a})${quantifier}`),
      weight: 2,
    },
  ),
  sequence: fc.array(tie('one'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
})).sequence
const value = fc
  .array(
    fc.constantFrom(
      ...'ab1_c-+9./:lph[]&~#"^$'.split(''),
      ' ',
      '\n',
      '\r',
      '\t',
      '\v',
      '\b',
      '\0',
      '\u00a0',
      '\u2028',
      '\ufeff',
      'é',
      'É',
      '😀',
      '\ud83d',
    ),
    { maxLength: 6 },
  )
  .map((characters) => characters.join(''))

test('RE2 gives the same outcome as ECMAScript for every pattern of the subset', () => {
  fc.assert(
    fc.property(expression, fc.array(value, { minLength: 8, maxLength: 8 }), (text, values) => {
      const syntax = readPattern(text)
      fc.pre(isValid(text))
      if (!syntax.ok) throw new Error(syntax.construct)
      const linear = RE2JS.compile(syntax.re2)
      const expected = new RegExp(text, 'u')
      for (const one of values) expect([text, one, linear.test(one)]).toEqual([text, one, expected.test(one)])
    }),
    { numRuns: 500 },
  )
})

/** A name of a group may occur only once. */
function isValid(text: string): boolean {
  return text.indexOf('(?<n>') === text.lastIndexOf('(?<n>')
}
