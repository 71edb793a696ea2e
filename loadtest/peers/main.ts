/**
 * `npx node loadtest/peers/main.ts --python PYTHON [--without TRAIT,...] DIR...`: Chainon's linkage and Splink's on the same
 * folders, one after the other, and a table of both in loadtest/results/. See README.md.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '#core/terminal/table.ts'
import { machine } from '../machine.ts'

interface Quality {
  readonly precision: number
  readonly recall: number
  readonly f1: number
}
interface Ours {
  readonly records: number
  readonly pairs: Quality & { readonly best_f1: number }
  readonly clusters: Quality
  readonly calibration: { readonly above_0_9: { readonly said: number; readonly true: number } }
  readonly review: { readonly per_1000_records: number }
  readonly records_per_second: number
  readonly kin?: Readonly<Record<string, { readonly above_0_9: number }>>
}
interface Splink {
  readonly pairs: Quality & { readonly best_f1: number }
  readonly clusters: { readonly at_0_9: Quality; readonly best: Quality }
  readonly records_per_second: number
}

const { values, positionals } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, without: { type: 'string', default: '' } },
  allowPositionals: true,
})
const EVALUATE = join(import.meta.dirname, '../../services/linker/evaluate/main.ts')
const SPLINK = join(import.meta.dirname, 'splink_peer.py')
const MOST_OUTPUT = 64 * 2 ** 20

function run(command: string, args: readonly string[]): string {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw error ?? new Error(`${basename(args[0] ?? '')} ended with ${status}`)
  return stdout
}

const folder = mkdtempSync(join(tmpdir(), 'chainon-peers-'))
const rows: string[][] = []
try {
  for (const dir of positionals) {
    const fields = JSON.parse(readFileSync(join(dir, 'fields.json'), 'utf8')) as { traits: Record<string, string> }
    for (const trait of values.without.split(',')) delete fields.traits[trait]
    const file = join(folder, 'fields.json')
    writeFileSync(file, JSON.stringify(fields))
    const ours = (flags: readonly string[]) =>
      JSON.parse(run(process.execPath, [EVALUATE, 'evaluate', dir, '--fields', file, ...flags])) as Ours
    const encoded = ours([])
    rows.push(ourRow(dir, 'chainon, encoded', encoded), ourRow('', 'chainon, plain', ours(['--plain'])))
    const splink = JSON.parse(run(values.python, [SPLINK, dir, file, folder])) as Splink
    rows.push([
      '',
      'splink, clear',
      '',
      ...[splink.pairs.f1, splink.pairs.best_f1, splink.clusters.at_0_9.f1, splink.clusters.best.f1].map(digits),
      '',
      '',
      String(splink.records_per_second),
      '',
    ])
  }
} finally {
  rmSync(folder, { recursive: true })
}
const head = [
  'set',
  'tool',
  'records',
  'pairs F1',
  'best',
  'persons F1',
  'best',
  'said/true > .9',
  'review',
  'records/s',
  'kin > .9',
]
const command = `npx node loadtest/peers/main.ts ${values.without ? `--without ${values.without} ` : ''}${positionals.map((dir) => basename(dir)).join(' ')}`
const date = new Date().toISOString()
const text = `${date}  ${machine()}
${command}

Pairs F1: at the default threshold, a probability of 3/4 (Splink: .9); best: at the threshold that is best for the truth. Review: pairs from .1 to .9 for each 1,000 records.
records/s: Chainon one record at a time, encoding included, training not; Splink in one batch, training included.

${table(head, rows)}`
const path = join(
  import.meta.dirname,
  '../results',
  `${date.slice(0, 10)}-linkage-${positionals.map((dir) => basename(dir)).join('-')}.txt`,
)
writeFileSync(path, text)
process.stdout.write(text)

function ourRow(dir: string, tool: string, result: Ours): string[] {
  const { said, true: right } = result.calibration.above_0_9
  return [
    basename(dir),
    tool,
    String(result.records),
    ...[result.pairs.f1, result.pairs.best_f1, result.clusters.f1].map(digits),
    '',
    `${digits(said)}/${digits(right)}`,
    String(result.review.per_1000_records),
    String(result.records_per_second),
    Object.entries(result.kin ?? {})
      .map(([kind, { above_0_9 }]) => `${kind} ${digits(above_0_9)}`)
      .join(', '),
  ]
}

function digits(value: number): string {
  return value.toFixed(4)
}
