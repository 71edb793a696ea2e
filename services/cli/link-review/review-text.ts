/** The review queue, a pair and the statistics as text for a terminal. */
import { pairText } from '#core/linkage/pair-text.ts'
import type { Agreement, Statistics } from '#core/linkage/review/agreement.ts'
import { patternOf, type ReviewPair, type ReviewQueue } from '#core/linkage/review/review-queue.ts'
import { table } from '#core/terminal/table.ts'

export const HELP = `a  accept: the two are one person
n  never: the two are never one person
i  in doubt: decides nothing, and you are not asked again
s  skip: asked again the next time
u  undo: takes the last verdict of this session back
?  this help
q  quit
`

export function queueText(queue: ReviewQueue, pairs: readonly ReviewPair[]): string {
  const rows = pairs.map((one) => [
    one.gain.toFixed(2),
    String(one.changes),
    one.explained.probability.toFixed(2),
    one.explained.one_person ? 'one person' : 'two people',
    one.pair,
    patternOf(one),
  ])
  return `${scopeText(queue, pairs)}\n${table(['gain', 'changes', 'p', 'now', 'pair', 'agreement levels'], rows)}`
}

export function scopeText(
  { kind, in_band, compared, known, model }: ReviewQueue,
  pairs: readonly ReviewPair[],
): string {
  const all = compared === known ? `of all ${known} records` : `of ${compared} of ${known} records (--sample)`
  const from = kind === 'queue' ? `${in_band} pairs in the band` : `a sample of ${in_band} links`
  return `${pairs.length} to review, of ${from} ${all}; model ${model}`
}

export function askText(pair: ReviewPair, at: number, of: number): string {
  const pairs = pair.changes === 1 ? '1 pair of patients' : `${pair.changes} pairs of patients`
  return `\n[${at} of ${of}] gain ${pair.gain.toFixed(2)}: ${pairs} would change\n${pairText(pair.explained)}\na accept, n never, i in doubt, s skip, u undo, ? help, q quit: `
}

const cells = ({ pairs, agreed, percent, kappa }: Agreement) => [
  String(pairs),
  String(agreed),
  percent === null ? '-' : percent.toFixed(1),
  kappa === null ? '-' : kappa.toFixed(3),
]

export function statisticsText({ pairs, reviewers, patterns, all, unsure }: Statistics): string {
  const head = ['pairs', 'agreed', '%', 'kappa']
  const rows = [['all', ...cells(all)], ...reviewers.map((one) => [one.names.join(', '), ...cells(one)])]
  return `decided ${pairs.decided}, wait for a second reviewer ${pairs['waits-for-second']}, disputed ${pairs.disputed}; verdicts in doubt ${unsure}

${table(['reviewers', ...head], rows)}
${table(
  ['agreement levels', ...head],
  patterns.map((one) => [one.pattern, ...cells(one)]),
)}`
}
