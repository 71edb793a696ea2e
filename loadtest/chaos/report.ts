/** The results of a chaos run: one JSON line per fault, and a table by kind. */
import { table } from '#core/terminal/table.ts'
import type { RunResult } from './campaign.ts'
import { FINDING_CODES, type FindingCode } from './check/findings.ts'

const LOST: readonly FindingCode[] = ['accepted-not-in-log', 'not-pseudonymised', 'lost']
const DOUBLED: readonly FindingCode[] = ['log-doubled', 'doubled']

export interface Summary {
  readonly runs: number
  readonly confirmed: number
  readonly lost: number
  readonly doubled: number
  readonly wrong: number
  readonly problems: number
  readonly text: string
}

/** @returns whether the run has a result that counts */
const counts = (run: RunResult) => run.confirmed && run.problem === null

export function summarise(runs: readonly RunResult[], head: readonly string[]): Summary {
  const kinds = [...new Set(runs.map(({ kind }) => kind))].toSorted()
  const rows = [
    ...kinds.map((kind) => [kind, runs.filter((run) => run.kind === kind)] as const),
    ['all', runs] as const,
  ]
  const of = (some: readonly RunResult[], codes: readonly FindingCode[]) =>
    some.reduce((sum, { findings }) => sum + findings.filter(({ code }) => codes.includes(code)).length, 0)
  const others = FINDING_CODES.filter((code) => !LOST.includes(code) && !DOUBLED.includes(code))
  const lines = rows.map(([kind, some]) => {
    const recoveries = some
      .filter(counts)
      .flatMap(({ recoveryMs }) => (recoveryMs === null ? [] : [recoveryMs]))
      .toSorted((a, b) => a - b)
    const raised = some.filter(({ alarmsRaised }) => alarmsRaised.length > 0).length
    const left = some.filter(({ alarmsLeft }) => alarmsLeft.length > 0).length
    return [
      kind,
      String(some.length),
      String(some.filter(counts).length),
      String(of(some, LOST)),
      String(of(some, DOUBLED)),
      String(of(some, others)),
      String(some.filter(({ problem }) => problem !== null).length),
      seconds(recoveries[Math.floor(recoveries.length / 2)]),
      seconds(recoveries.at(-1)),
      `${raised} (${left} left)`,
    ]
  })
  return {
    runs: runs.length,
    confirmed: runs.filter(counts).length,
    lost: of(runs, LOST),
    doubled: of(runs, DOUBLED),
    wrong: of(runs, others),
    problems: runs.filter(({ problem }) => problem !== null).length,
    text: [
      ...head,
      '',
      table(
        ['fault', 'runs', 'count', 'lost', 'doubled', 'wrong', 'stuck', 'median s', 'worst s', 'alarms raised'],
        lines,
      ),
      'count: confirmed to have hit, and recovered. wrong: versions, links, rule counts, messages and rows that differ. Seconds: from the',
      'end of the fault until records that were sent after it are queryable.',
      '',
      ...runs
        .filter(({ findings, problem }) => findings.length > 0 || problem !== null)
        .map((run) => `${run.seed}:${run.index} ${run.kind}: ${run.problem ?? ''} ${firstFindings(run)}`.trimEnd()),
    ].join('\n'),
  }
}

const seconds = (ms: number | undefined) => (ms === undefined ? '-' : (ms / 1000).toFixed(1))

function firstFindings({ findings }: RunResult): string {
  const by = new Map<string, number>()
  for (const { code } of findings) by.set(code, (by.get(code) ?? 0) + 1)
  const [first] = findings
  const codes = [...by].map(([code, count]) => `${count} ${code}`).join(', ')
  return first ? `${codes}; first: ${first.where}: ${first.detail}` : ''
}
