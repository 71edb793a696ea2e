/** Why two records are of one person, or of two, as text for a terminal. */
import { table } from '../terminal/table.ts'
import type { ExplainedPair } from './shown-explanation.ts'

const DECIDED: Readonly<Record<ExplainedPair['decided_by'], string>> = {
  model: '',
  'patient-number': 'One patient number at a producer decides, whatever the model says.\n',
  'same-patient': 'Their producer says that the two patient numbers are of one person, whatever the model says.\n',
  'no-value': 'One of them has no value to compare: that says nothing about who it is.\n',
}
const BAR_OF = 2
const MOST_BAR = 12

export function pairText(pair: ExplainedPair): string {
  let total = pair.prior
  const rows = pair.fields
    .filter(({ level, weight }) => level !== 'missing' || weight !== 0)
    .map(({ trait, level, weight, removed, frequency }) => {
      total += weight
      return [trait, level, signed(weight), total.toFixed(1), bar(weight), signed(removed), frequency ?? '']
    })
  const missing = pair.fields.filter(({ level }) => level === 'missing').map(({ trait }) => trait)
  const head = ['field', 'level', 'weight', 'sum', '', 'removed', 'equal value']
  const lines = table(head, [
    ['(before any field)', '', signed(pair.prior), pair.prior.toFixed(1), '', '', ''],
    ...rows,
  ])
  const classes = pair.classes.map(({ name, one_person, probability }) => [
    probability.toFixed(2),
    one_person ? 'one person' : 'two people',
    name,
  ])
  const edge = pair.edge === null ? 'no edge' : `an edge of ${pair.edge}`
  return `${pair.records.join('\n')}
${pair.one_person ? 'one person' : 'two people'} in the index, which has ${edge} between them; model ${pair.model}
${DECIDED[pair.decided_by]}
${lines}
weight ${pair.weight.toFixed(1)} (log2 odds), probability ${pair.probability.toFixed(2)}${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''}

${table(['probability', 'they are', 'what is the same'], classes)}`
}

function signed(weight: number): string {
  return `${weight < 0 ? '' : '+'}${weight.toFixed(1)}`
}

function bar(weight: number): string {
  return (weight < 0 ? '-' : '+').repeat(Math.min(MOST_BAR, Math.round(Math.abs(weight) / BAR_OF)))
}
