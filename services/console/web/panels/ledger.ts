/** The ledger per feed; a click on a feed shows its partitions. */
import type { LedgerView } from '../../snapshot.ts'
import { DEFINITIONS } from '../lib/definitions.ts'
import { count, rate, secondsText } from '../lib/format.ts'
import { type ComponentChildren, column, html, icon, type VNode } from '../lib/html.ts'
import { scrollingTable, sourcePanel, type View } from '../lib/staleness.ts'

export interface LedgerPanelOptions {
  readonly openFeeds: ReadonlySet<string>
  readonly toggleFeed: (feed: string) => void
}

export function ledgerPanel(view: View, options: LedgerPanelOptions): VNode {
  const { ledger } = view.snapshot
  const table = html`
    <thead>
      <tr>
        ${column('feed', undefined, 'left')}
        ${column('records/s', DEFINITIONS.perSecond)}
        ${column('accepted', DEFINITIONS.accepted)}
        ${column('= loaded', DEFINITIONS.loaded)}
        ${column('+ quarant.', DEFINITIONS.quarantined)}
        ${column('+ rejected', DEFINITIONS.rejected)}
        ${column('+ lost', DEFINITIONS.lost)}
        ${column('+ in flight', DEFINITIONS.inFlight)}
        ${column('gaps', DEFINITIONS.gaps)}
        ${column('overlaps', DEFINITIONS.overlaps)}
        ${column('p95', DEFINITIONS.p95feed)}
      </tr>
    </thead>
    ${ledger && body(view, ledger, options)}
  `
  const panel = { id: 'ledger', title: 'Ledger, by feed', source: 'ledger' } as const
  return sourcePanel(view, panel, scrollingTable('ledger', table))
}

function body({ snapshot }: View, ledger: LedgerView, options: LedgerPanelOptions): VNode {
  const { rates, freshness } = snapshot
  return html`
    <tbody>${ledger.feeds.flatMap((feed) => feedRows(snapshot, feed, options))}</tbody>
    <tfoot>
      <tr>${cells('all feeds', ledger.total, rate(rates.accepted), secondsText(freshness.p95))}</tr>
    </tfoot>
  `
}

function feedRows(
  { received_by_feed, freshness }: View['snapshot'],
  feed: LedgerView['feeds'][number],
  { openFeeds, toggleFeed }: LedgerPanelOptions,
): readonly VNode[] {
  const name = feed.feed
  const open = openFeeds.has(name)
  const received = received_by_feed.find((row) => row.feed === name)
  const p95 = freshness.feeds.find((row) => row.feed === name)?.p95 ?? null
  const toggle = html`
    <button type="button" class="toggle" aria-expanded=${String(open)} onClick=${() => toggleFeed(name)}>
      ${icon('open')}${name}
    </button>
  `
  return [
    html`<tr key=${name}>${cells(toggle, feed, rate(received ? received.rate : 0), secondsText(p95))}</tr>`,
    ...(open ? feed.partitions : []).map(
      (row) => html`
        <tr key="${name}:${row.partition}" class="partition">${cells(`partition ${row.partition}`, row, '', '')}</tr>
      `,
    ),
  ]
}

function cells(name: ComponentChildren, row: LedgerView['total'], perSecond: string, p95: string): VNode {
  return html`
    <th scope="row" class="left">${name}</th>
    <td>${perSecond}</td>
    ${[row.accepted, row.loaded, row.quarantined, row.rejected, row.lost, row.in_flight].map(
      (n) => html`<td class=${n === 0 ? 'zero' : ''}>${count(n)}</td>`,
    )}
    ${[row.gaps, row.overlaps].map((n) =>
      n === 0 ? html`<td class="zero">0</td>` : html`<td class="bad">${icon('bad')} ${count(n)}</td>`,
    )}
    <td>${p95}</td>
  `
}
