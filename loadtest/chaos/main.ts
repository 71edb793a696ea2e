/**
 * `npm run chaos`: a real stack under load, and one fault after the other, each confirmed to have hit; after each, an independent checker
 * proves that no accepted record is lost or doubled. Exits with 1 when one is, or when a link, a version or a count is wrong.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { type Campaign, messageOf, type RunResult, startCampaign } from './campaign.ts'
import { drawKind, KINDS } from './kinds/index.ts'
import { summarise } from './report.ts'

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', multiple: true, default: [] },
    each: { type: 'boolean', default: false },
    replay: { type: 'string', default: '' },
    out: { type: 'string', default: join(import.meta.dirname, '../results/chaos') },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  process.stdout.write(
    `npm run chaos -- [--seed 1] [--runs 20] [--minutes 10] [--only <kind>]... [--each] [--replay <seed>:<index>] [--out <folder>] [--keep]\n` +
      `kinds: ${KINDS.map(({ name }) => name).join(', ')}\n`,
  )
  process.exit(0)
}
const [replaySeed, replayIndex] = flags.replay.split(':')
const seed = replaySeed || flags.seed
const first = replayIndex === undefined ? 0 : Number(replayIndex)
const runs = replayIndex === undefined ? Number(flags.runs) : 1
const end = performance.now() + Number(flags.minutes) * 60_000
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`)

/** One mistake can concern thousands of records; the summary counts them all. */
const FINDINGS_KEPT = 50
const results: RunResult[] = []
const date = new Date().toISOString()
mkdirSync(flags.out, { recursive: true })
const file = join(flags.out, `${date.slice(0, 16).replaceAll(':', '')}-seed-${seed}`)
const command = `npm run chaos -- ${process.argv.slice(2).join(' ')}`.trimEnd()
const folder = mkdtempSync(join(tmpdir(), 'chainon-chaos-'))
let stacks = 0
let campaign: Campaign | undefined
/** Of the last stack; undefined while that check has not ended. */
let fullFindings: number | undefined
/** Ctrl-C: the run under way is ended and reported, and the stack is stopped. */
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stopping = true
    say('stopping after this run')
  })

/** A stack that did not recover is not used again. What was found once is not reported again by the checker of the same stack. */
async function next(): Promise<Campaign> {
  if (campaign) return campaign
  stacks++
  const started = await startCampaign(join(folder, String(stacks)), `${seed}:${first}`, process.env, say, true)
  // From here on the end of the program stops it, also after an error.
  campaign = started
  if (!(await started.warmUp())) throw new Error('the stack does not load records without a fault')
  const { findings } = await started.checker.check()
  if (findings.length > 0) throw new Error(`wrong without a fault: ${JSON.stringify(findings.slice(0, 5))}`)
  return started
}

async function finish(full: boolean): Promise<void> {
  if (!campaign) return
  const ended = campaign
  campaign = undefined
  try {
    if (!full) return
    const findings = await ended.fullCheck()
    fullFindings = findings.length
    say(
      `full check of stack ${stacks}: ${findings.length === 0 ? 'nothing wrong' : JSON.stringify(findings.slice(0, 5))}`,
    )
  } finally {
    await ended.stop()
  }
}

/** What is left of a stack (a mount, a file of its owner) is named, and hides neither the results nor the error before it. */
async function cleanUp(): Promise<void> {
  try {
    await campaign?.stop()
    if (!flags.keep) rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    say(`${folder} is not removed: ${messageOf(error)}`)
  }
}

function report(): void {
  const summary = summarise(results, [
    `${date}  ${machine()}`,
    command,
    `${results.length} faults on ${stacks} stack(s); the last full check ${fullFindings === undefined ? 'did not end' : `found ${fullFindings}`}`,
  ])
  writeFileSync(`${file}.txt`, `${summary.text}\n`)
  process.stdout.write(`${summary.text}\n`)
  if (summary.lost + summary.doubled + summary.wrong + summary.problems + (fullFindings ?? 1) > 0) process.exitCode = 1
}

try {
  for (let index = first; index < first + runs && performance.now() < end && !stopping; index++) {
    const kind = drawKind(seed, index, flags.only, flags.each)
    const result = await (await next()).run(kind, index)
    results.push(result)
    appendFileSync(
      `${file}.ndjson`,
      `${JSON.stringify({ ...result, findings: result.findings.slice(0, FINDINGS_KEPT) })}\n`,
    )
    const wrong = result.findings.length > 0 || result.problem !== null
    say(
      `${seed}:${index} ${kind.name}: ${result.confirmed ? '' : 'NOT CONFIRMED '}${result.evidence}; recovery ${result.recoveryMs ?? '-'} ms, ` +
        `${result.origins} checked in ${result.durationMs} ms${wrong ? `; ${result.problem ?? ''} ${JSON.stringify(result.findings.slice(0, 3))}` : ''}`,
    )
    if (result.problem !== null) await finish(false)
  }
  await finish(true)
} finally {
  report()
  await cleanUp()
}
