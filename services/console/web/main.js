/** The operator's page: one live connection, one render a second. What a figure means stands in `lib/definitions.js`. */
import './lib/locale.js'
import { connect } from './lib/connection.js'
import { byId, render } from './lib/dom.js'
import { duration, timeOfDay } from './lib/format.js'
import { PART_TITLES } from './lib/state.js'
import { startTips } from './lib/tips.js'
import { createAges } from './panels/ages.js'
import { renderAlarms } from './panels/alarms.js'
import { createCharts } from './panels/charts.js'
import { renderConserve } from './panels/conserve.js'
import { renderFreshness, renderReceived } from './panels/figures.js'
import { renderHeader, renderLive } from './panels/header.js'
import { renderLedger } from './panels/ledger.js'
import { renderParts } from './panels/parts.js'
import { renderPipeline } from './panels/pipeline.js'
import { renderRules } from './panels/rules.js'

const banner = byId('banner')
const announce = byId('announce')
const charts = createCharts()
const ages = createAges()

let latest = null
let receivedAt = 0
let lostAt = null
let first = true
let told = ''

startTips()
connect({
  hello({ history, snapshot }) {
    if (latest && latest.version !== snapshot.version) location.reload()
    const restarted = latest && latest.started_at !== snapshot.started_at
    charts.load(history)
    if (lostAt !== null || restarted) {
      say(
        restarted
          ? `The console was restarted at ${timeOfDay(new Date(snapshot.started_at))}; the charts begin there.`
          : '',
      )
      setTimeout(() => lostAt === null && say(''), restarted ? 8_000 : 0)
    }
    lostAt = null
    show(snapshot)
  },
  snapshot(snapshot) {
    charts.add(snapshot.point)
    show(snapshot)
  },
  lost() {
    lostAt ??= Date.now()
    heartbeat()
  },
})
setInterval(heartbeat, 1_000)

function say(text) {
  banner.hidden = text === ''
  if (banner.textContent !== text) banner.textContent = text
}

function show(snapshot) {
  latest = snapshot
  receivedAt = Date.now()
  const now = new Date(snapshot.now)
  document.body.classList.toggle('is-empty', snapshot.empty)
  byId('empty').hidden = !snapshot.empty
  byId('rates-panel').hidden = snapshot.empty
  byId('freshchart-panel').hidden = snapshot.empty
  byId('gateway-url').textContent = snapshot.gateway_url
  byId('gateway-url-fhir').textContent = snapshot.gateway_url
  renderConserve(snapshot)
  renderReceived(snapshot)
  renderFreshness(snapshot)
  renderPipeline(snapshot)
  renderAlarms(snapshot, now)
  renderLedger(snapshot)
  renderRules(snapshot, now)
  renderParts(snapshot, now)
  if (!snapshot.empty) charts.draw()
  heartbeat()
  tell(snapshot)
  if (first) document.body.classList.add('ready')
  first = false
}

/** What depends on the time alone: the clock, the ages, whether this page is live. */
function heartbeat() {
  const now = new Date()
  const silentSeconds = latest ? (Date.now() - receivedAt) / 1000 : 0
  const lost = lostAt !== null || silentSeconds > 5
  if (lost) {
    const since = timeOfDay(new Date(lostAt ?? receivedAt))
    const old = latest ? ` The figures below are ${duration(silentSeconds)} old.` : ''
    say(`The connection to the console was lost at ${since}. Trying again…${old}`)
  }
  document.body.classList.toggle('lost', lost)
  renderHeader(latest, now, lost)
  renderLive(latest, lost, silentSeconds)
  if (latest) ages.show(latest, silentSeconds)
}

/** For a screen reader: what changed, not what ticks. */
function tell(snapshot) {
  const down = snapshot.parts.filter(({ state }) => !['running', 'external'].includes(state))
  const text = [
    snapshot.overall.kind === 'flowing' || snapshot.overall.kind === 'idle' ? 'Every part is up.' : '',
    ...down.map(({ name, state }) => `${PART_TITLES[name]}: ${state}.`),
    ...snapshot.alarms.map(({ message }) => `Alarm: ${message}.`),
  ].join(' ')
  if (text === told) return
  told = text
  render(announce, text)
}
