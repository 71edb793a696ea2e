/** The report as one HTML file, in the style of the console: no script, nothing that is fetched, readable in print. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Shown } from '#core/linkage/mask.ts'
import { ROOT } from '../../../deploy/local/paths.ts'
import type { LinkReport } from './report.ts'

type Cell = string | number | boolean | null | undefined
const HISTOGRAM_HEIGHT = 120
const BAR_WIDTH = 18

export function reportPage(report: LinkReport): string {
  const { made, persons, sources, rates, missed, false_links, passes, records } = report
  const title = `Linkage report: ${scopeOf(report)}`
  const parts = [
    section(
      'What was linked',
      rows(
        ['what', ''],
        [
          ['scope of the index', report.index_scope],
          ['made', made.at],
          ['by', made.by],
          ['Chainon', made.chainon],
          ...Object.entries(report.versions),
        ],
      ),
    ),
    section('Method', rows(['what', ''], Object.entries(report.method))),
    section(
      'Records',
      `${objects(records.feeds)}${rows(['known to the index', 'cancelled'], [[records.known, records.cancelled]])}`,
    ),
    section('Completeness of the traits', matrix(report.completeness)),
    section(
      'Persons',
      `${rows(['persons', 'of both'], [[persons.count, persons.of_both ?? '-']])}${rows(
        ['patient numbers', 'persons'],
        persons.by_patients.map((one) => [one.patients, one.persons]),
      )}`,
    ),
    section(
      'Sources',
      either(
        sources,
        (value) =>
          `${rows(['patients', 'persons', 'of both'], [[value.patients, value.persons, value.of_both ?? '-']])}${objects(value.rows)}`,
      ),
    ),
    section(
      'Rates by subgroup',
      either(rates, (value) =>
        value.subgroups.map(({ name, rows: own }) => `<h3>${text(name)}</h3>${either(own, objects)}`).join(''),
      ),
    ),
    section(
      'Links by method',
      either(
        report.methods_of_links,
        (value) => `<h3>in force</h3>${objects(value.in_force)}<h3>by the model</h3>${objects(value.by_model)}`,
      ),
    ),
    section(
      'Exact links beside the model',
      either(
        report.agreement,
        ({ patients, pairs }) =>
          `${rows(['patients of both'], [[patients]])}${rows(['pairs of one person for both', 'for the exact links alone', 'for the model alone'], [[pairs.both, pairs.exact_alone, pairs.model_alone]])}`,
      ),
    ),
    section(
      'Links by pass',
      `${rows(['links', 'of an unknown pass'], [[passes.links, passes.unknown]])}${objects(passes.rows)}`,
    ),
    section('Weights', histogram(report.weights)),
    section(
      'Thresholds',
      `${objects(report.thresholds)}<p>${text(report.review)} pairs are to be reviewed (.1 to .9).</p>`,
    ),
    section(
      'Missed matches',
      `<h3>between passes</h3>${either(missed.recapture, object)}<h3>against national numbers</h3>${either(missed.silver, object)}`,
    ),
    section(
      'False links',
      `${rows(['expected by the model', 'share of links'], [[false_links.expected, false_links.expected_share]])}<h3>against national numbers</h3>${either(false_links.silver, object)}<h3>clerical review</h3>${either(false_links.clerical, object)}`,
    ),
    section('Limitations', `<ul>${report.limitations.map((one) => `<li>${text(one)}</li>`).join('')}</ul>`),
    section(
      'Items of GUILD and RECORD',
      rows(
        ['item', 'what', 'state', 'where, or why not'],
        report.items.map(({ item, what, state, where }) => [item, what, state, where]),
      ),
    ),
    section('Small cells', `<p>Below ${report.small_cells.below}: ${text(report.small_cells.rule)}.</p>`),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>
${readFileSync(join(ROOT, 'services/console/web/css/base.css'), 'utf8')}
${readFileSync(join(import.meta.dirname, 'page.css'), 'utf8')}
</style>
</head>
<body class="report">
<h1>${text(title)}</h1>
<main>
${parts.join('\n')}
</main>
</body>
</html>
`
}

function scopeOf({ scope }: LinkReport): string {
  return scope.kind === 'installation' ? 'the installation' : `${scope.pair.join(' and ')} (${scope.kind})`
}

function section(title: string, body: string): string {
  return `<section class="panel"><h2>${text(title)}</h2>${body}</section>`
}

function either<T extends object>(value: T | { readonly not_available: string }, show: (value: T) => string): string {
  return 'not_available' in value ? `<p class="absent">not available: ${text(value.not_available)}</p>` : show(value)
}

function rows(head: readonly string[], lines: readonly (readonly Cell[])[]): string {
  const cells = (line: readonly Cell[]) =>
    line.map((cell) => `<td${typeof cell === 'number' ? ' class="number"' : ''}>${text(cell)}</td>`).join('')
  return `<table><thead><tr>${head.map((name) => `<th scope="col">${text(words(name))}</th>`).join('')}</tr></thead><tbody>${lines.map((line) => `<tr>${cells(line)}</tr>`).join('')}</tbody></table>`
}

function objects(list: readonly object[]): string {
  const head = Object.keys(list[0] ?? {})
  return list.length === 0
    ? '<p class="absent">none</p>'
    : rows(
        head,
        list.map((one) => Object.values(one) as Cell[]),
      )
}

function object(value: object): string {
  return rows(
    ['what', ''],
    Object.entries(value).map(([name, cell]) => [
      words(name),
      Array.isArray(cell) ? cell.join(' to ') : (cell as Cell),
    ]),
  )
}

/** A line for each trait, a column for each feed. */
function matrix(cells: LinkReport['completeness']): string {
  const feeds = [...new Set(cells.map(({ feed }) => feed))]
  const traits = [...new Set(cells.map(({ trait }) => trait))]
  const at = (trait: string, feed: string) => cells.find((one) => one.trait === trait && one.feed === feed)?.share
  return rows(
    ['trait', ...feeds],
    traits.map((trait) => [words(trait), ...feeds.map((feed) => at(trait, feed))]),
  )
}

/** Bars of the square root, so that few pairs are seen beside many; the part of one person is filled. */
function histogram(weights: LinkReport['weights']): string {
  const size = (count: Shown) => (typeof count === 'number' ? count : 5)
  const most = Math.max(1, ...weights.map(({ pairs }) => size(pairs)))
  const height = (count: Shown) => Math.round(HISTOGRAM_HEIGHT * Math.sqrt(size(count) / most))
  const bars = weights.map(({ from, to, pairs, expected_matches: matches }, at) => {
    const [all, ofOne] = [height(pairs), Math.min(height(pairs), height(matches))]
    const bar = (kind: string, tall: number) =>
      `<rect class="${kind}" x="${at * BAR_WIDTH}" y="${HISTOGRAM_HEIGHT - tall}" width="${BAR_WIDTH - 2}" height="${tall}"/>`
    return `<g><title>${from} to ${to}: ${text(pairs)} pairs, ${text(matches)} expected to be of one person</title>${bar('all', all)}${bar('one', ofOne)}</g>`
  })
  const width = weights.length * BAR_WIDTH
  return `<svg viewBox="0 0 ${width} ${HISTOGRAM_HEIGHT}" role="img" aria-label="Pairs by weight, from ${weights[0]?.from} to ${weights.at(-1)?.to} log2 odds">${bars.join('')}</svg><p>Height: square root of the pairs; filled: expected to be of one person.</p>${objects(weights.filter(({ pairs }) => pairs !== 0))}`
}

const words = (name: string) => name.replaceAll('_', ' ')

function text(value: Cell): string {
  const written = typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 6 }) : shown(value)
  return written.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function shown(value: Exclude<Cell, number>): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : (value ?? '-')
}
