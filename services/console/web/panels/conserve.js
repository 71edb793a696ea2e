/** The statement that every accepted record is accounted for, and the sum it stands on. */

import { DEFINITIONS } from '../lib/definitions.js'
import { byId, defined, h, icon, render } from '../lib/dom.js'
import { count, NOT_KNOWN } from '../lib/format.js'
import { isOld } from './ages.js'

const panel = byId('conserve')
const title = byId('conserve-title')
const equation = byId('equation')

export function renderConserve({ ledger, sources, empty, gateway_rejected_total }) {
  const old = isOld(sources.ledger)
  const { tone, picture, words } = statement(ledger, old, empty)
  panel.classList.toggle('broken', tone === 'bad')
  render(title, h('span', { class: tone }, icon(picture)), ' ', defined(words, DEFINITIONS.conserved))
  const total = ledger?.total
  const share = (n) => (total && total.accepted > 0 ? percentOf(n, total.accepted) : '')
  equation.classList.toggle('stale', old)
  render(
    equation,
    tile('Accepted', DEFINITIONS.accepted, total?.accepted, 'records'),
    operator('=', 'equals'),
    tile('Loaded', DEFINITIONS.loaded, total?.loaded, share(total?.loaded)),
    operator('+', 'plus'),
    tile('Quarantined', DEFINITIONS.quarantined, total?.quarantined, share(total?.quarantined)),
    operator('+', 'plus'),
    tile('Rejected by rule', DEFINITIONS.rejected, total?.rejected, share(total?.rejected)),
    operator('+', 'plus'),
    tile(
      'In flight',
      DEFINITIONS.inFlight,
      total?.in_flight,
      total && gateway_rejected_total !== null ? 'not settled yet' : '',
    ),
  )
}

function statement(ledger, old, empty) {
  if (!ledger) return { tone: 'warn', picture: 'unknown', words: 'Not known: the ledger was not read yet' }
  const { gaps, overlaps } = ledger.total
  if (!ledger.conserved) {
    const said = [
      gaps > 0 ? `${count(gaps)} missing` : '',
      overlaps > 0 ? `${count(overlaps)} counted twice` : '',
      gaps + overlaps === 0 ? `${count(ledger.difference)} unaccounted for` : '',
    ].filter(Boolean)
    const last = old ? ' when last read' : ''
    return { tone: 'bad', picture: 'bad', words: `NOT conserved${last}: ${said.join(', ')}` }
  }
  if (old) return { tone: 'warn', picture: 'unknown', words: 'Not known now: conserved when the ledger was last read' }
  if (empty) return { tone: 'info', picture: 'wait', words: 'Nothing to account for yet' }
  return { tone: 'ok', picture: 'ok', words: 'Conserved: every accepted record is accounted for' }
}

function tile(label, definition, n, sub) {
  const text = n === undefined ? NOT_KNOWN : count(n)
  return h(
    'div',
    { class: 'tile fig' },
    h('div', { class: 'label' }, defined(label, definition)),
    h('div', { class: `value${text.length > 9 ? ' long' : ''}` }, text),
    h('div', { class: 'sub' }, sub),
  )
}

/** Rounded down, so that 100 % is said only of all. */
function percentOf(n, all) {
  const share = Math.floor((n / all) * 1e4) / 100
  return n > 0 && share === 0 ? '< 0.01 %' : `${share.toFixed(2)} %`
}

function operator(sign, word) {
  return h('div', { class: 'op', role: 'img', 'aria-label': word }, sign)
}
