/** Why two records are of one person or of two: what each field adds to the weight, from the log odds before any field to the probability. */
import type { ExplainedPair } from '#core/linkage/shown-explanation.ts'
import { html, type VNode } from '../lib/html.ts'

const DECIDED: Readonly<Record<ExplainedPair['decided_by'], string>> = {
  model: '',
  'patient-number': 'One patient number at a producer decides, whatever the model says.',
  'same-patient': 'Their producer says that the two patient numbers are of one person, whatever the model says.',
  'no-value': 'One of them has no value to compare: that says nothing about who it is.',
}
const WIDTH = 200
const HEIGHT = 14

interface Step {
  readonly name: string
  readonly level: string
  readonly weight: number
  readonly from: number
  readonly to: number
  readonly frequency: string
}

export function waterfall(pair: ExplainedPair): VNode {
  const steps = stepsOf(pair)
  const ends = steps.flatMap(({ from, to }) => [from, to])
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  const x = (weight: number) => ((weight - least) / Math.max(1, most - least)) * WIDTH
  const missing = pair.fields.filter(({ level, weight }) => level === 'missing' && weight === 0)
  return html`
    <p class="records">${pair.records.map((record) => html`<code key=${record}>${record}</code>`)}</p>
    <p class="verdict">
      Now <strong>${pair.one_person ? 'one person' : 'two people'}</strong> in the index,
      ${' '}${pair.edge === null ? 'no edge between them' : `an edge of ${pair.edge} between them`}.${' '}
      Probability <strong>${pair.probability.toFixed(2)}</strong> that they are one.${' '}${DECIDED[pair.decided_by]}
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Weight of each field">
      <table class="waterfall">
        <caption class="visually-hidden">Weight of each field in bits (log2 odds); the sum is the weight of the pair</caption>
        <thead>
          <tr>
            <th scope="col" class="left">field</th>
            <th scope="col" class="left">agreement</th>
            <th scope="col">weight, bits</th>
            <th scope="col">sum</th>
            <th scope="col" class="bars"><span class="visually-hidden">bar</span></th>
            <th scope="col" class="left">equal value is</th>
          </tr>
        </thead>
        <tbody>
          ${steps.map((step) => row(step, x))}
          <tr key="sum" class="sum">
            <th scope="row" class="left">sum</th>
            <td class="left">probability ${pair.probability.toFixed(2)}</td>
            <td>${signed(pair.weight)}</td>
            <td>${signed(pair.weight)}</td>
            <td class="bars">${bar(x, 0, pair.weight)}</td>
            <td></td>
          </tr>
        </tbody>
      </table>
    </div>
    ${missing.length > 0 && html`<p class="dim">Missing: ${missing.map(({ trait }) => words(trait)).join(', ')}.</p>`}
    <h3>What the pair may be</h3>
    <ul class="classes">
      ${pair.classes.map(
        ({ name, one_person, probability }) => html`
          <li key=${name}>
            <span class="num">${probability.toFixed(2)}</span> ${one_person ? 'one person' : 'two people'}: ${name}
          </li>
        `,
      )}
    </ul>
    <p class="dim">Model ${pair.model}</p>
  `
}

function stepsOf(pair: ExplainedPair): readonly Step[] {
  let sum = pair.prior
  const first = { name: 'before any field', level: '', weight: pair.prior, from: 0, to: pair.prior, frequency: '' }
  const fields = pair.fields
    .filter(({ level, weight }) => level !== 'missing' || weight !== 0)
    .map(({ trait, level, weight, frequency }): Step => {
      const from = sum
      sum += weight
      return { name: words(trait), level, weight, from, to: sum, frequency: frequency ?? '' }
    })
  return [first, ...fields]
}

function row({ name, level, weight, from, to, frequency }: Step, x: (weight: number) => number): VNode {
  return html`
    <tr key=${name}>
      <th scope="row" class="left">${name}</th>
      <td class="left">${level}</td>
      <td>${signed(weight)}</td>
      <td>${signed(to)}</td>
      <td class="bars">${bar(x, from, to)}</td>
      <td class="left dim wrap">${frequency}</td>
    </tr>
  `
}

function bar(x: (weight: number) => number, from: number, to: number): VNode {
  const [left, right] = [x(Math.min(from, to)), x(Math.max(from, to))]
  return html`
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
      <line x1=${x(0)} x2=${x(0)} y1="0" y2=${HEIGHT} />
      <rect class=${to < from ? 'against' : 'for'} x=${left.toFixed(1)} width=${Math.max(1, right - left).toFixed(1)} y="2" height=${HEIGHT - 4} />
    </svg>
  `
}

const words = (trait: string): string => trait.replaceAll('_', ' ')

function signed(weight: number): string {
  return `${weight < -0.05 ? '−' : '+'}${Math.abs(weight).toFixed(1)}`
}
