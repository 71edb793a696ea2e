/**
 * `npm run fuzz -- --count 200000 --seed 1`: generated malformed, truncated and hostile inputs through every parser of the gateway and of `push`. Ends
 * with 1 and the case when one leads to an error that is no refusal, when a good record of the same batch is lost, or when memory grows.
 * `--seconds N` stops it earlier, `--save FILE` keeps the result.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Case, generate } from './cases.ts'
import { judge } from './judge.ts'
import { Random } from './random.ts'

/** Of the heap, after a collection; the first inputs fill caches that have a bound. */
const MAX_GROWTH_MB = 32
const WARM_UP = 5_000

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '86400' },
    save: { type: 'string' },
  },
})
const count = Number(values.count)
const seed = Number(values.seed)
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapMb = () => {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

const formats = new Map<string, { cases: number; bytes: number; taken: number; refused: number; slowestMs: number }>()
const rules = new Map<string, number>()
const failures: string[] = []
let warm = heapMb()
let done = 0
for (let at = 0; at < count; at++) {
  if (at === Math.min(WARM_UP, count >> 1)) warm = heapMb()
  await run(generate(new Random(seed * 1_000_003 + at)), at)
  done++
  if (failures.length >= 10 || performance.now() > Number(values.seconds) * 1000) break
}
const grown = heapMb() - warm

const lines = [...formats]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([format, { cases, bytes, taken, refused, slowestMs }]) =>
    [
      format.padEnd(10),
      ...[cases, Math.round(bytes / cases), taken, refused, slowestMs.toFixed(1)].map((value) =>
        String(value).padStart(10),
      ),
    ].join(''),
  )
const common = [...rules].toSorted(([, a], [, b]) => b - a).map(([rule, number]) => `${rule} ${number}`)
const text = `${new Date().toISOString()}  Node ${process.version}
npm run fuzz -- --count ${count} --seed ${seed}

${'format'.padEnd(10)}${['cases', 'bytes', 'taken', 'refused', 'slowest ms'].map((name) => name.padStart(10)).join('')}
${lines.join('\n')}

cases: ${done} of ${count}; failures: ${failures.length}; heap after the first ${WARM_UP} cases and at the end: ${warm.toFixed(1)} MB and ${(warm + grown).toFixed(1)} MB
${failures.map((failure) => `${failure}\n`).join('')}
refusals by reason: ${common.join(', ')}
`
process.stdout.write(text)
if (values.save !== undefined) {
  mkdirSync(join(values.save, '..'), { recursive: true })
  writeFileSync(values.save, text)
}
if (failures.length > 0 || grown > MAX_GROWTH_MB) process.exitCode = 1

async function run(one: Case, at: number): Promise<void> {
  const format = formats.get(one.format) ?? { cases: 0, bytes: 0, taken: 0, refused: 0, slowestMs: 0 }
  formats.set(one.format, format)
  const started = performance.now()
  try {
    const { taken, refused } = await judge(one)
    format.taken += taken
    format.refused += refused.length
    for (const rule of refused) rules.set(rule, (rules.get(rule) ?? 0) + 1)
  } catch (error) {
    // Inputs are generated and of nobody: they may be shown.
    failures.push(
      `case ${at} (${one.format}): ${error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error)}\n  ${JSON.stringify(one.body.toString('latin1')).slice(0, 1500)}`,
    )
  }
  format.cases++
  format.bytes += one.body.length
  format.slowestMs = Math.max(format.slowestMs, performance.now() - started)
}
