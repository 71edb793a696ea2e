/** The two tiles beside the sum: what comes in, and how soon it can be queried. */

import { DEFINITIONS } from '../lib/definitions.js'
import { byId, defined, figure, h, render } from '../lib/dom.js'
import { count, rate, seconds } from '../lib/format.js'
import { isOld } from './ages.js'

export function renderReceived({ rates, gateway_rejected_total }) {
  const known = rates.received !== null
  render(
    byId('received'),
    h(
      'div',
      { class: 'tile fig' },
      h('div', { class: 'label' }, defined('at the gateway', DEFINITIONS.received)),
      h('div', { class: 'value' }, figure(rate(rates.received), known ? 'records/s' : '')),
      h(
        'div',
        { class: 'sub' },
        defined('rejected by the gateway', DEFINITIONS.rejectedByGateway),
        `: ${rate(rates.rejected)}/s, ${count(gateway_rejected_total)} in all`,
      ),
    ),
  )
}

export function renderFreshness({ freshness, sources }) {
  const small = (name, value) =>
    h(
      'div',
      { class: 'tile small fig' },
      h('div', { class: 'label' }, name),
      h('div', { class: 'value' }, figure(...seconds(value))),
    )
  const old = isOld(sources.curate)
  const basis = {
    window: `last 60 s, ${count(freshness.count)} records measured`,
    start: `idle now: since start, ${count(freshness.count)} measured`,
    none: 'nothing measured yet',
  }
  render(
    byId('fresh'),
    h(
      'div',
      { class: 'pair' },
      h(
        'div',
        { class: 'tile fig' },
        h('div', { class: 'label' }, defined('202 to queryable, p95', DEFINITIONS.freshness)),
        h('div', { class: 'value' }, figure(...seconds(freshness.p95))),
      ),
      small('p50', freshness.p50),
      small(freshness.beyond ? 'p99, at least' : 'p99', freshness.p99),
    ),
    h(
      'div',
      { class: 'tile' },
      h(
        'div',
        { class: 'sub' },
        old && freshness.basis !== 'none' ? 'as it was when curate last answered' : basis[freshness.basis],
      ),
    ),
  )
}
