/** The ledger per feed; a feed opens to its partitions. */

import { DEFINITIONS } from '../lib/definitions.js'
import { byId, defined, h, icon, render } from '../lib/dom.js'
import { count, rate, secondsText } from '../lib/format.js'

const table = byId('ledger')
const open = new Set()
let latest

table.addEventListener('click', ({ target }) => {
  const feed = target.closest('.toggle')?.dataset.feed
  if (feed === undefined) return
  if (!open.delete(feed)) open.add(feed)
  renderLedger(latest)
})

const COLUMNS = [
  ['records/s', DEFINITIONS.perSecond],
  ['accepted', DEFINITIONS.accepted],
  ['= loaded', DEFINITIONS.loaded],
  ['+ quarant.', DEFINITIONS.quarantined],
  ['+ rejected', DEFINITIONS.rejected],
  ['+ in flight', DEFINITIONS.inFlight],
  ['gaps', DEFINITIONS.gaps],
  ['overlaps', DEFINITIONS.overlaps],
  ['p95', DEFINITIONS.p95feed],
]

export function renderLedger(snapshot) {
  latest = snapshot
  const { ledger, received_by_feed, freshness } = snapshot
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      h('th', { scope: 'col', class: 'left' }, 'feed'),
      COLUMNS.map(([name, text]) => h('th', { scope: 'col' }, defined(name, text))),
    ),
  )
  if (!ledger) {
    render(table, head)
    return
  }
  const rows = ledger.feeds.flatMap((feed) => {
    const { rate: perSecond = 0 } = received_by_feed.find((row) => row.feed === feed.feed) ?? {}
    const p95 = freshness.feeds.find((row) => row.feed === feed.feed)?.p95
    const isOpen = open.has(feed.feed)
    const name = h(
      'button',
      { type: 'button', class: 'toggle', 'aria-expanded': String(isOpen), 'data-feed': feed.feed },
      icon('open'),
      feed.feed,
    )
    const row = figures(feed.feed, name, feed, rate(perSecond), p95 === undefined ? '–' : secondsText(p95))
    if (!isOpen) return [row]
    const partitions = feed.partitions.map((one) =>
      figures(`${feed.feed}:${one.partition}`, `partition ${one.partition}`, one, '', '', 'partition'),
    )
    return [row, ...partitions]
  })
  const foot = figures('total', 'all feeds', ledger.total, rate(snapshot.rates.accepted), secondsText(freshness.p95))
  render(table, head, h('tbody', {}, rows), h('tfoot', {}, foot))
}

function figures(key, name, row, perSecond, p95, kind = '') {
  const cell = (n) => h('td', { class: n === 0 ? 'zero' : '' }, count(n))
  const must = (n) => h('td', { class: n === 0 ? 'zero' : 'bad' }, n === 0 ? '0' : [icon('bad'), ` ${count(n)}`])
  return h(
    'tr',
    { 'data-key': key, class: kind },
    h('th', { scope: 'row', class: 'left' }, name),
    h('td', {}, perSecond),
    cell(row.accepted),
    cell(row.loaded),
    cell(row.quarantined),
    cell(row.rejected),
    cell(row.in_flight),
    must(row.gaps),
    must(row.overlaps),
    h('td', {}, p95),
  )
}
