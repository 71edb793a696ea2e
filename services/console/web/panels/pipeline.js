/** Gateway, de-identify, curate, ClickHouse: what each does now, and what waits between them. */

import { DEFINITIONS } from '../lib/definitions.js'
import { byId, defined, figure, h, icon, render } from '../lib/dom.js'
import { bytes, count, rate, secondsText } from '../lib/format.js'
import { PART_STATES, PART_TITLES } from '../lib/state.js'
import { isOld } from './ages.js'

export function renderPipeline(snapshot) {
  const { rates, lag, sources, ledger, parts, freshness } = snapshot
  const stateOf = (name) => parts.find((part) => part.name === name)?.state ?? 'unknown'
  const stage = (name, value, definition, sub, source) =>
    h(
      'li',
      { class: 'stage', 'data-key': name, style: null, 'data-stage': name },
      h('div', { class: 'name' }, PART_TITLES[name], stateMark(stateOf(name))),
      h(
        'div',
        { class: `value fig${isOld(sources[source]) ? ' stale' : ''}` },
        figure(rate(value), value === null ? '' : 'records/s'),
      ),
      h('div', { class: 'sub' }, definition ? defined(sub, definition) : sub),
    )
  const link = (key, topic, worker, flowing) =>
    h(
      'li',
      { class: `link${flowing ? ' flowing' : ''}`, 'data-key': key },
      h('div', { class: 'what' }, topic),
      h('div', { class: 'wire', 'aria-hidden': 'true' }, h('i')),
      worker,
    )
  const waiting = ({ records, seconds }) =>
    records === null
      ? h('div', { class: 'lag dim' }, 'lag not known')
      : h(
          'div',
          { class: 'lag' },
          defined(`${count(records)} waiting`, DEFINITIONS.lag),
          records > 0 && seconds !== null ? [' ', h('span', {}, `${secondsText(seconds)} behind`)] : null,
        )
  const inflight = snapshot.gateway_inflight_bytes
  render(
    byId('pipe'),
    stage(
      'gateway',
      rates.accepted,
      DEFINITIONS.perSecond,
      inflight === null ? 'accepted' : `accepted, ${bytes(inflight)} held`,
      'gateway',
    ),
    link('identified', 'identified log', waiting(lag.deidentify), (rates.accepted ?? 0) > 0),
    stage('deidentify', rates.deidentified, DEFINITIONS.stage, 'settled', 'deidentify'),
    link('pseudonymised', 'pseudonymised log', waiting(lag.curate), (rates.deidentified ?? 0) > 0),
    stage('curate', rates.curated, DEFINITIONS.stage, 'linked, validated, settled', 'curate'),
    link(
      'insert',
      'exactly-once insert',
      h(
        'div',
        { class: `lag fig${isOld(sources.curate) ? ' stale' : ''}` },
        freshness.basis === 'none'
          ? h('span', { class: 'dim' }, 'not measured yet')
          : [h('span', {}, `p95 ${secondsText(freshness.p95)}`), ' ', h('span', {}, 'from the 202')],
      ),
      (rates.curated ?? 0) > 0,
    ),
    stage(
      'clickhouse',
      rates.warehouse,
      DEFINITIONS.warehouse,
      `gained; ${count(ledger?.total.loaded)} in all`,
      'ledger',
    ),
  )
}

function stateMark(state) {
  const { tone, icon: picture, word } = PART_STATES[state]
  return h('span', { class: `state ${tone}` }, icon(picture), ` ${word}`)
}
