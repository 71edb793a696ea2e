/** The top line, the document's title and its icon. */
import { byId, h, icon, render } from '../lib/dom.js'
import { duration, rate, timeOfDay, when } from '../lib/format.js'
import { KINDS } from '../lib/state.js'

const ICON_COLOURS = { ok: '#2fbf8f', info: '#4ba3e3', warn: '#f2b83b', bad: '#ff5a36' }
const MARKS = { ok: '✓', info: '·', warn: '▲', bad: '✖' }
const overall = byId('overall')
let shownIcon = ''

export function renderHeader(snapshot, now, lost) {
  const state = lost
    ? { kind: 'lost', sentence: 'Not connected: nobody knows how it is now', since: null }
    : snapshot?.overall
  if (!state) return
  const kind = KINDS[state.kind]
  overall.className = `overall ${kind.tone}`
  const since = state.since
    ? `since ${when(state.since, now)} (${duration((now - new Date(state.since)) / 1000)})`
    : null
  render(
    overall,
    icon(kind.icon),
    h(
      'span',
      {},
      h('span', { class: 'words' }, state.sentence),
      since ? h('span', { class: 'since num' }, ` ${since}`) : null,
    ),
  )
  title(state, kind, snapshot)
  const clock = byId('clock')
  clock.textContent = timeOfDay(now)
  clock.setAttribute('datetime', now.toISOString())
  if (snapshot) byId('uptime').textContent = duration((now - new Date(snapshot.started_at)) / 1000)
}

export function renderLive(snapshot, lost, silentSeconds) {
  const tone = !snapshot || lost ? 'warn' : 'ok'
  const word = !snapshot ? 'connecting' : lost ? `stale, ${duration(silentSeconds)}` : 'live'
  render(byId('live'), h('span', { class: tone }, icon(tone === 'ok' ? 'flow' : 'warn'), ` ${word}`))
}

function title(state, kind, snapshot) {
  const flow = state.kind === 'flowing' && snapshot ? ` ${rate(snapshot.rates.received)} records/s` : ''
  const text = `${MARKS[kind.tone]} Chainon: ${state.kind === 'down' || state.kind === 'alarm' ? state.sentence : kind.word}${flow}`
  if (document.title !== text) document.title = text
  if (shownIcon === kind.tone) return
  shownIcon = kind.tone
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#121922"/><circle cx="16" cy="16" r="9" fill="${ICON_COLOURS[kind.tone]}"/></svg>`
  byId('favicon').setAttribute('href', `data:image/svg+xml,${encodeURIComponent(picture)}`)
}
