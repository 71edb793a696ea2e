/** What stands until it is mended, newest first. */
import { byId, h, icon, render } from '../lib/dom.js'
import { duration, when } from '../lib/format.js'

export function renderAlarms({ alarms, sources }, now) {
  const unheard = ['gateway', 'deidentify', 'curate', 'ledger'].filter((name) => sources[name].status !== 'live')
  byId('alarms-count').textContent = alarms.length === 0 ? 'none stands' : `${alarms.length} standing, newest first`
  const rows = alarms.map(({ id, message, source, code, since }) =>
    h(
      'li',
      { 'data-key': id },
      h('div', {}, h('span', { class: 'bad' }, icon('bad')), ' ', message),
      h(
        'div',
        { class: 'meta' },
        `${source}, ${code}, since ${when(since, now)} (${duration((now - new Date(since)) / 1000)})`,
      ),
    ),
  )
  const quiet = h(
    'li',
    { class: 'quiet', 'data-key': 'quiet' },
    h('span', { class: unheard.length === 0 ? 'ok' : 'warn' }, icon(unheard.length === 0 ? 'ok' : 'unknown')),
    unheard.length === 0 ? ' No alarms.' : ` No alarm is known, but not heard from: ${unheard.join(', ')}.`,
  )
  render(byId('alarms'), ...rows, alarms.length === 0 || unheard.length > 0 ? quiet : null)
}
