/** A person's explanation as text for a terminal; a pair's is in core/linkage/pair-text.ts. */
import type { ExplainedPerson, ShownEdge } from '#core/linkage/shown-person.ts'
import { table } from '#core/terminal/table.ts'

export function personText({ person, model, records, patients, tree, weakest, bounded }: ExplainedPerson): string {
  const row = ({ records: [a = '', b = ''], weight, probability }: ShownEdge) => [
    String(weight),
    probability.toFixed(2),
    a,
    b,
  ]
  const edges =
    tree.length === 0
      ? 'alone: no other record is linked to it\n'
      : table(['weight', 'p', 'record', 'record'], tree.map(row))
  const last = weakest
    ? `\nweakest: ${weakest.weight}, between groups of ${weakest.groups.join(' and ')} records. Why: chainon link explain ${weakest.records.join(' ')}\n`
    : ''
  const few = bounded ? 'only the first records of a larger person\n' : ''
  return `person ${person}: ${records.length} records of ${patients} patient numbers; model ${model}\n${few}\n${edges}${last}`
}
