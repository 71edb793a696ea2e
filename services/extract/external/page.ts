/** The report as one HTML file: no script, nothing that is fetched. */
import type { ExternalReport } from './report.ts'

type Cell = string | number | null

export function pageOf(report: ExternalReport): string {
  const { population, result, made, window } = report
  const title = `Linkage of a cohort: project ${report.project}`
  const parts = [
    table(
      ['what', ''],
      [
        ['correspondence', report.id],
        ['circuit', report.circuit],
        ['made', made.at],
        ['by', made.by],
        ['Chainon', made.chainon],
        ['expires', report.expires ?? 'dry run: nothing was kept'],
        ['subjects', population.subjects],
        [population.compared_with.what, population.compared_with.count],
        ['linked', result.linked],
        ['share linked', result.share],
        ['expected precision', report.expected_precision],
        ...result.not_linked.map(({ why, subjects }): Cell[] => [why, subjects]),
      ],
    ),
    ...(window
      ? [
          '<h2>Whom it could find</h2>',
          table(
            ['what', ''],
            [
              ['open', `${window.opened} to ${window.closed}`],
              ['compared', `${window.compared_since ?? '-'} to ${window.compared_until ?? '-'}`],
              ['processes of deidentify that compared', window.processes],
              ['records compared', window.records_compared],
              ['share of them with a number that counts', window.with_number],
            ],
          ),
        ]
      : []),
    '<h2>Passes</h2>',
    table(
      ['pass', 'linked', 'multiple', 'none', 'bits', 'expected false'],
      report.passes.map((one) => [
        one.skipped ? `${one.pass} (left out: too many persons agree by chance)` : one.pass,
        ...[one.linked, one.multiple, one.none, one.bits, one.expected_false],
      ]),
    ),
    ...(report.completeness.length > 0
      ? [
          '<h2>Completeness</h2>',
          table(
            ['trait or criterion', 'share of the subjects'],
            report.completeness.map(({ name, share }) => [name, share]),
          ),
        ]
      : []),
    '<h2>Method</h2>',
    `<ul>${report.method.map((line) => `<li>${text(line)}</li>`).join('')}</ul>`,
    '<p>Counts from 1 to 10 are shown as &lt;11.</p>',
  ]
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${text(title)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left}</style>
<h1>${text(title)}</h1>
${parts.join('\n')}
</html>
`
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const row = (cells: readonly Cell[], tag: 'td' | 'th') =>
    `<tr>${cells.map((cell) => `<${tag}>${text(cell ?? '-')}</${tag}>`).join('')}</tr>`
  return `<table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`
}

function text(value: string | number): string {
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
