/** The two panels beside the balance: how many records the gateway receives, and how soon they can be queried. */
import { DEFINITIONS } from '../lib/definitions.ts'
import { count, rate, seconds } from '../lib/format.ts'
import { defined, figure, html, type VNode } from '../lib/html.ts'
import { isStale, sourcePanel, type View } from '../lib/staleness.ts'

export function receivedPanel(view: View): VNode {
  const { rates, gateway_rejected_total } = view.snapshot
  const content = html`
    <div class="card fig">
      <div class="label">${defined('by the gateway', DEFINITIONS.received)}</div>
      <div class="value">${figure(rate(rates.received), rates.received === null ? '' : 'records/s')}</div>
      <div class="sub">
        ${defined('rejected', DEFINITIONS.rejectedByGateway)}${': '}
        ${rate(rates.rejected)}/s, ${count(gateway_rejected_total)} in total
      </div>
    </div>
  `
  return sourcePanel(view, { id: 'received', title: 'Received', source: 'gateway' }, content)
}

export function freshnessPanel(view: View): VNode {
  const { p50, p95, p99, beyond, basis } = view.snapshot.freshness
  const small = (name: string, value: number | null) => html`
    <div class="card small fig">
      <div class="label">${name}</div>
      <div class="value">${figure(...seconds(value))}</div>
    </div>
  `
  const content = html`
    <div class="pair">
      <div class="card fig">
        <div class="label">${defined('202 to queryable, p95', DEFINITIONS.freshness)}</div>
        <div class="value">${figure(...seconds(p95))}</div>
      </div>
      ${small('p50', p50)}
      ${small(beyond ? 'p99, at least' : 'p99', p99)}
    </div>
    <div class="card">
      <div class="sub">
        ${isStale(view, 'curate') && basis !== 'none' ? 'as of the last answer of curate' : basisText(view)}
      </div>
    </div>
  `
  return sourcePanel(view, { id: 'fresh', title: 'Freshness', source: 'curate' }, content)
}

function basisText({ snapshot: { freshness } }: View): string {
  if (freshness.basis === 'window') return `last 60 s, ${count(freshness.count)} records measured`
  if (freshness.basis === 'start') return `idle now: since start, ${count(freshness.count)} measured`
  return 'no record measured yet'
}
