/**
 * `npx node loadtest/patterns.ts`: the engines that can run a contract's pattern, on the patterns of our contracts with values that match and
 * values that do not: V8's, and RE2 in JavaScript (re2js). All alternate in one process, so that a busy machine slows all of them
 * equally: compare the ratios. Needs no server.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RE2JS } from 're2js'
import { loadContracts } from '#core/contract/load.ts'
import { patternOf } from '#core/rules/pattern.ts'
import { readPattern } from '#core/rules/pattern-syntax.ts'
import { machine } from './machine.ts'

const ROUNDS = 51
const CHECKS_PER_ROUND = 20_000
const VALUES = ['75056', '2A004', 'E119', 'I10+1', '9000001', '3400890000017', 'N02BE01', '718-7', 'HHFA016-01', 'x']

const ROOT = join(import.meta.dirname, '..')
const patterns = new Set(
  loadContracts(join(ROOT, 'schemas/feeds')).flatMap(({ fields }) =>
    fields.flatMap(({ rules }) => rules.flatMap((rule) => (rule.check === 'pattern' ? [rule.pattern] : []))),
  ),
)
const lines = [...patterns].map((pattern) => {
  const chosen = patternOf(pattern)
  const syntax = readPattern(pattern)
  if (!chosen.ok || !syntax.ok) throw new Error('a contract has a pattern that cannot be run')
  const backtracking = new RegExp(pattern, 'u')
  const linear = RE2JS.compile(syntax.re2)
  const rounds = Array.from({ length: ROUNDS }, () => [
    nanoseconds((value) => backtracking.test(value)),
    nanoseconds((value) => linear.test(value)),
    nanoseconds((value) => chosen.test(value)),
  ])
  const of = (index: number) => median(rounds.map((round) => round[index] ?? 0)).toFixed(0)
  const ratio = median(rounds.map(([v8 = 1, re2 = 0]) => re2 / v8)).toFixed(1)
  return `${pattern.padEnd(44)}${of(0).padStart(6)}${of(1).padStart(8)}${ratio.padStart(8)}${of(2).padStart(10)}  ${chosen.engine}`
})
const date = new Date().toISOString()
const text = `${date}  ${machine()}
npx node loadtest/patterns.ts

${ROUNDS} rounds of ${CHECKS_PER_ROUND} checks, the engines in turn: median nanoseconds per check, median of the ratios in the same round,
and the engine that the rules use.

${'pattern'.padEnd(44)}${'V8'.padStart(6)}${'re2js'.padStart(8)}${'ratio'.padStart(8)}${'rules'.padStart(10)}
${lines.join('\n')}
`
process.stdout.write(text)
const results = join(ROOT, 'loadtest/results')
mkdirSync(results, { recursive: true })
writeFileSync(join(results, `${date.slice(0, 10)}-patterns.txt`), text)

function nanoseconds(test: (value: string) => boolean): number {
  const started = performance.now()
  for (let i = 0; i < CHECKS_PER_ROUND; i++) test(VALUES[i % VALUES.length] ?? '')
  return ((performance.now() - started) * 1e6) / CHECKS_PER_ROUND
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
