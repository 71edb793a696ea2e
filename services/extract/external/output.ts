/** What `chainon link external` prints. */
import { canonicalNumber, formText, type HeldCircuit, TEST_NUMBER } from '#core/linkage/hashed.ts'
import { table } from '#core/terminal/table.ts'
import type { Circuit as CircuitKind } from '../project-schema.ts'
import type { HashedPlan } from './criteria.ts'
import type { LinkOutcome } from './link-cohort.ts'
import type { ExternalReport } from './report.ts'
import type { Circuit } from './store.ts'

export function tooFew(least: number, circuit: CircuitKind): string {
  const still =
    circuit === 'hashed'
      ? ' The circuit stays as it is. Does the third party have the hash of the test number that --dry-run prints? Did the hospital send its patients while the circuit was open (docs/circuits.md)?'
      : ''
  return `chainon: fewer than ${least} subjects were given or linked (min_cohort of the project): nothing is kept, and not told how many. Whoever links a few people asks whether they are in the warehouse.${still}\n`
}

/** Of a circuit that is opened, or would be. */
export function heldText(id: string, held: HeldCircuit, { form, openUntil }: HashedPlan): string {
  const { kind, subjects, test_hash: hash } = held
  return [
    `${subjects} subjects; ${formText(form)}.`,
    `The number ${TEST_NUMBER}, which nobody has, is ${canonicalNumber(form, TEST_NUMBER)} in this form, and its hash under this secret is`,
    `  ${hash}`,
    'The third party must get the same one, with its own program: otherwise nobody is found.',
    kind === 'dry-run'
      ? 'Dry run: nothing was kept.'
      : `Circuit ${id} is open until ${openUntil}: destroy the file and the secret that you have. deidentify compares what passes from now on; patients of before only when the hospital sends them again.\n  chainon link external --status     chainon link external --collect ${id} --project FILE`,
    '',
  ].join('\n')
}

export function outcomeText({ report, circuit }: LinkOutcome, folder: string | undefined): string {
  if (!report) return ''
  const { result, population, passes, window } = report
  const lines = [
    `${population.subjects} subjects, ${result.linked} linked; expected precision ${report.expected_precision ?? '-'}`,
    ...result.not_linked.map(({ why, subjects }) => `  ${subjects} not: ${why}`),
    ...(window
      ? [
          `Compared from ${window.compared_since ?? '-'} to ${window.compared_until ?? '-'}: ${window.records_compared} records, of which a share of ${window.with_number ?? '-'} has a number; others were not looked for`,
        ]
      : []),
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
  return [linked, multiple ?? '-', none ?? '-', expected_false ?? '-'].map(String)
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
