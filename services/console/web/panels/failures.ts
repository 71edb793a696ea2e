/** The records that were rejected, quarantined and flagged, by rule and field. Never a value. */
import type { FailureView } from '../../snapshot.ts'
import { DEFINITIONS } from '../lib/definitions.ts'
import { count, hourOf, NOT_KNOWN, percent, when } from '../lib/format.ts'
import { column, html, type VNode } from '../lib/html.ts'
import { scrollingTable, sourcePanel, type View } from '../lib/staleness.ts'
import { OUTCOMES } from '../lib/states.ts'

export interface FailuresPanelOptions {
  /** True when every row is shown, not only the first. */
  readonly allFailures: boolean
  readonly toggleAllFailures: () => void
}

const FIRST = 12

export function failuresPanel(view: View, options: FailuresPanelOptions): VNode {
  const { failures, empty, now } = view.snapshot
  const none = empty ? 'No record was received yet.' : 'No record was rejected, quarantined or flagged.'
  const content =
    failures && failures.length === 0
      ? html`<p class="none">${none}</p>`
      : scrollingTable('failures', table(failures ?? [], new Date(now), options))
  return sourcePanel(view, { id: 'failures', title: 'Rejected, quarantined, flagged', source: 'failures' }, content)
}

function table(
  failures: readonly FailureView[],
  now: Date,
  { allFailures, toggleAllFailures }: FailuresPanelOptions,
): VNode {
  const shown = allFailures ? failures : failures.slice(0, FIRST)
  const more = failures.length - FIRST
  return html`
    <thead>
      <tr>
        ${column('outcome', undefined, 'left')}
        ${column('service and stage', DEFINITIONS.stage, 'left')}
        ${column('feed and field', undefined, 'left')}
        ${column('rule', undefined, 'left')}
        ${column('24 h', DEFINITIONS.last24)}
        ${column('share', DEFINITIONS.share)}
        ${column('total')}
        ${column('last')}
        ${column('trend', DEFINITIONS.trend)}
      </tr>
    </thead>
    <tbody>${shown.map((failure) => row(failure, now))}</tbody>
    ${
      more > 0 &&
      html`
      <tfoot>
        <tr>
          <td colspan="9" class="left">
            <button type="button" class="toggle" aria-expanded=${String(allFailures)} onClick=${toggleAllFailures}>
              ${allFailures ? 'Show fewer' : `${more} more`}
            </button>
          </td>
        </tr>
      </tfoot>
    `
    }
  `
}

function row(failure: FailureView, now: Date): VNode {
  const { outcome, service, stage, feed, pointer, rule, last_24h, share_24h, total, last_seen, last_seen_to, trend } =
    failure
  const { word, tone } = OUTCOMES[outcome]
  return html`
    <tr key=${[outcome, service, stage, feed, pointer, rule].join('|')}>
      <td class="left ${tone}">${word}</td>
      <td class="left wrap">${service}<span class="dim">${stage && ` ${stage}`}</span></td>
      <th scope="row" class="left wrap">${feed}<span class="dim">${pointer && ` ${pointer}`}</span></th>
      <td class="left wrap">${rule}</td>
      <td>${count(last_24h)}</td>
      <td>${percent(share_24h)}</td>
      <td>${count(total)}</td>
      <td class="dim">${last_seen_to === 'hour' ? hourOf(last_seen, now) : when(last_seen, now)}</td>
      <td>${trend ? sparkline(trend) : html`<span class="dim">${NOT_KNOWN}</span>`}</td>
    </tr>
  `
}

/** @param trend counts of 24 hours, oldest first */
function sparkline(trend: readonly number[]): VNode {
  const maximum = Math.max(1, ...trend)
  return html`
    <svg class="sparkline" viewBox="0 0 72 20" role="img" aria-label="maximum in an hour: ${count(maximum)}">
      ${trend.map((n, hour) => {
        const height = n === 0 ? 0.6 : Math.max(2, (n / maximum) * 20)
        return html`<rect x=${hour * 3} y=${(20 - height).toFixed(1)} width="2.2" height=${height.toFixed(1)} />`
      })}
    </svg>
  `
}
