/** The state of each part: since when, how often it was started again, what it holds in memory. */

import { DEFINITIONS } from '../lib/definitions.js'
import { byId, defined, h, icon, render } from '../lib/dom.js'
import { bytes, count, when } from '../lib/format.js'
import { PART_STATES, PART_TITLES } from '../lib/state.js'

export function renderParts({ parts }, now) {
  const column = (name, text, left) =>
    h('th', { scope: 'col', class: left ? 'left' : '' }, text ? defined(name, text) : name)
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      column('part', null, true),
      column('state', null, true),
      column('since'),
      column('restarts', DEFINITIONS.restarts),
      column('memory', DEFINITIONS.memory),
      column('pid'),
    ),
  )
  render(
    byId('parts'),
    head,
    h(
      'tbody',
      {},
      parts.flatMap((part) => rows(part, now)),
    ),
  )
}

function rows(part, now) {
  const { tone, icon: picture, word } = PART_STATES[part.state]
  const row = h(
    'tr',
    { 'data-key': part.name },
    h('th', { scope: 'row', class: 'left', title: part.url }, PART_TITLES[part.name]),
    h('td', { class: `left ${tone}` }, icon(picture), ` ${word}`),
    h('td', {}, when(part.since, now)),
    h('td', { class: part.restarts ? 'warn' : 'zero' }, restarts(part)),
    h('td', {}, bytes(part.memory_bytes)),
    h('td', { class: 'dim' }, part.pid === null ? '–' : String(part.pid)),
  )
  if (!part.message || isUp(part)) return [row]
  const message = h(
    'tr',
    { 'data-key': `${part.name}-message` },
    h('td', { colspan: '6', class: 'left message' }, part.message),
  )
  return [row, message]
}

/** Of a part that runs again, why it was started again stands behind the number. */
function restarts(part) {
  const text = count(part.restarts)
  return part.message && isUp(part) ? defined(text, part.message) : text
}

function isUp({ state }) {
  return state === 'running' || state === 'external'
}
