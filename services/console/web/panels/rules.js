/** What was rejected, quarantined and flagged, by rule and field. Never by value. */

import { DEFINITIONS } from '../lib/definitions.js'
import { byId, defined, h, render, svg } from '../lib/dom.js'
import { count, hourOf, percent, when } from '../lib/format.js'
import { OUTCOMES } from '../lib/state.js'

const FIRST = 12
const table = byId('rules')
let all = false
let latest

table.addEventListener('click', ({ target }) => {
  if (!target.closest('.toggle')) return
  all = !all
  renderRules(...latest)
})

export function renderRules(snapshot, now) {
  latest = [snapshot, now]
  const { rules } = snapshot
  const none = byId('rules-none')
  none.hidden = !rules || rules.length > 0
  none.textContent = snapshot.empty ? 'Nothing was streamed yet.' : 'No record was rejected, quarantined or flagged.'
  const column = (name, text, left) =>
    h('th', { scope: 'col', class: left ? 'left' : '' }, text ? defined(name, text) : name)
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      column('what', null, true),
      column('feed and field', null, true),
      column('rule', null, true),
      column('24 h', DEFINITIONS.last24),
      column('share', DEFINITIONS.share),
      column('in all'),
      column('last'),
      column('trend', DEFINITIONS.trend),
    ),
  )
  if (!rules || rules.length === 0) {
    render(table)
    return
  }
  const shown = all ? rules : rules.slice(0, FIRST)
  const more = rules.length - FIRST
  render(
    table,
    head,
    h(
      'tbody',
      {},
      shown.map((rule) => row(rule, now)),
    ),
    more > 0
      ? h(
          'tfoot',
          {},
          h(
            'tr',
            {},
            h(
              'td',
              { colspan: '8', class: 'left' },
              h(
                'button',
                { type: 'button', class: 'toggle', 'aria-expanded': String(all) },
                all ? 'Show fewer' : `${more} more`,
              ),
            ),
          ),
        )
      : null,
  )
}

function row(rule, now) {
  const { word, tone } = OUTCOMES[rule.outcome]
  const stage = rule.outcome === 'quarantined' ? `${word} by ${rule.stage}` : word
  return h(
    'tr',
    { 'data-key': `${rule.outcome}|${rule.stage}|${rule.feed}|${rule.pointer}|${rule.rule}` },
    h('td', { class: `left ${tone}` }, stage),
    h(
      'th',
      { scope: 'row', class: 'left wrap' },
      rule.feed,
      h('span', { class: 'dim' }, rule.pointer ? ` ${rule.pointer}` : ''),
    ),
    h('td', { class: 'left wrap' }, rule.rule),
    h('td', {}, count(rule.last_24h)),
    h('td', {}, percent(rule.share_24h)),
    h('td', {}, count(rule.total)),
    h('td', { class: 'dim' }, rule.last_seen_to === 'hour' ? hourOf(rule.last_seen, now) : when(rule.last_seen, now)),
    h('td', {}, spark(rule.trend)),
  )
}

function spark(trend) {
  if (!trend) return h('span', { class: 'dim' }, '–')
  const most = Math.max(1, ...trend)
  const bars = trend.map((n, hour) => {
    const height = n === 0 ? 0.6 : Math.max(2, (n / most) * 20)
    return svg('rect', {
      x: (hour * 3).toFixed(0),
      y: (20 - height).toFixed(1),
      width: '2.2',
      height: height.toFixed(1),
    })
  })
  return svg(
    'svg',
    { class: 'spark', viewBox: '0 0 72 20', role: 'img', 'aria-label': `most in an hour: ${count(most)}` },
    bars,
  )
}
