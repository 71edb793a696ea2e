/** The review queue, a pair and the statistics as text for a terminal. */
import { pairText } from '#core/linkage/pair-text.ts'
import type { ReviewPair, ReviewQueue } from '#core/linkage/review-queue.ts'
import { table } from '#core/terminal/table.ts'
import type { Agreement, Statistics } from './agreement.ts'

export const HELP = `a  accept: the two are one person
n  never: the two are never one person
s  skip: asked again the next time
u  undo: takes the last verdict of this session back
?  this help
q  quit
`

/** @returns the agreement levels of the fields that both have, for instance `family_name=close birth_date=equal` */
export function patternOf({ explained }: ReviewPair): string {
  return explained.fields
    .filter(({ level }) => level !== 'missing')
    .map(({ trait, level }) => `${trait}=${level.replaceAll(' ', '-')}`)
    .join(' ')
}

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

export function scopeText({ in_band, compared, known, model }: ReviewQueue, pairs: readonly ReviewPair[]): string {
  const all = compared === known ? `of all ${known} records` : `of ${compared} of ${known} records (--sample)`
  return `${pairs.length} to review, of ${in_band} pairs in the band ${all}; model ${model}`
}

export function askText(pair: ReviewPair, at: number, of: number): string {
  const pairs = pair.changes === 1 ? '1 pair of patients' : `${pair.changes} pairs of patients`
  return `\n[${at} of ${of}] gain ${pair.gain.toFixed(2)}: ${pairs} would change\n${pairText(pair.explained)}\na accept, n never, s skip, u undo, ? help, q quit: `
}

const cells = ({ pairs, agreed, percent, kappa }: Agreement) => [
  String(pairs),
  String(agreed),
  percent === null ? '-' : percent.toFixed(1),
  kappa === null ? '-' : kappa.toFixed(3),
]

export function statisticsText({ pairs, reviewers, patterns, all }: Statistics): string {
  const head = ['pairs', 'agreed', '%', 'kappa']
  const rows = [['all', ...cells(all)], ...reviewers.map((one) => [one.names.join(', '), ...cells(one)])]
  return `decided ${pairs.decided}, wait for a second reviewer ${pairs['waits-for-second']}, disputed ${pairs.disputed}

${table(['reviewers', ...head], rows)}
${table(
  ['agreement levels', ...head],
  patterns.map((one) => [one.pattern, ...cells(one)]),
)}`
}
