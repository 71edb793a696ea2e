/** What `chainon link external` prints. */
import { table } from '#core/terminal/table.ts'
import type { LinkOutcome } from './link-cohort.ts'
import type { ExternalReport } from './report.ts'
import type { Circuit } from './store.ts'

export function tooFew(least: number): string {
  return `chainon: fewer than ${least} subjects were given or linked (min_cohort of the project): nothing is kept, and not told how many. Whoever links a few people asks whether they are in the warehouse.\n`
}

export function outcomeText({ report, circuit }: LinkOutcome, folder: string | undefined): string {
  if (!report) return ''
  const { result, population, passes } = report
  const lines = [
    `${population.subjects} subjects, ${result.linked} linked; expected precision ${report.expected_precision ?? '-'}`,
    ...result.not_linked.map(({ why, subjects }) => `  ${subjects} not: ${why}`),
    '',
    table(
      ['pass', 'linked', 'multiple', 'none', 'expected false'],
      passes.map((one) => [one.pass, ...cells(one)]),
    ),
    ...(circuit && folder
      ? [
          `Correspondence ${circuit.id}, until ${new Date(circuit.expires).toISOString()}; report: ${folder}/report.html`,
          `  chainon link external --open ${circuit.id} > FILE     chainon link external --destroy ${circuit.id}`,
        ]
      : ['Dry run: nothing was kept.']),
  ]
  return `${lines.join('\n')}\n`
}

function cells({
  skipped,
  linked,
  multiple,
  none,
  expected_false,
}: ExternalReport['passes'][number]): readonly string[] {
  if (skipped) return ['left out: too many persons agree by chance', '-', '-', '-']
  return [linked, multiple ?? '-', none ?? '-', expected_false].map(String)
}

export function outcomeJson({ report, circuit }: LinkOutcome, folder: string | undefined): object {
  return {
    report,
    correspondence: circuit ? { id: circuit.id, expires: new Date(circuit.expires).toISOString(), folder } : null,
  }
}

export function listText(all: readonly Circuit[]): string {
  return table(
    ['correspondence', 'project', 'circuit', 'made', 'expires', 'state'],
    all.map((one) => [
      ...[one.id, one.project, one.circuit, one.made_at, new Date(one.expires).toISOString()],
      one.destroyed_at === undefined ? 'kept' : `destroyed ${one.destroyed_at}`,
    ]),
  )
}
