/** The operator's page: one live connection, drawn again each second. `lib/definitions.ts` has the meaning of each figure. */
import './lib/locale.ts'
import { render } from 'preact'
import type { Snapshot } from '../snapshot.ts'
import { connect } from './lib/connection.ts'
import { duration, timeOfDay } from './lib/format.ts'
import { byId } from './lib/html.ts'
import { STALE_AFTER_SECONDS } from './lib/staleness.ts'
import { showInTab } from './lib/tab.ts'
import { startTips } from './lib/tips.ts'
import { page } from './page.ts'
import { createCharts } from './panels/charts.ts'
import { stateOf } from './panels/header.ts'

/** How long the page says that the console was restarted. */
const NOTICE_MS = 8_000

const root = byId('page')
const charts = createCharts()
const openFeeds = new Set<string>()
let allFailures = false
let snapshot: Snapshot | null = null
let lastEventAt = 0
let lostAt: number | null = null
let restartedAt: Date | null = null

startTips()
connect({
  hello({ history, snapshot: next }) {
    if (snapshot && snapshot.version !== next.version) location.reload()
    if (snapshot && snapshot.started_at !== next.started_at) {
      restartedAt = new Date(next.started_at)
      setTimeout(() => {
        restartedAt = null
        draw()
      }, NOTICE_MS)
    }
    charts.load(history)
    show(next)
  },
  snapshot(next) {
    charts.add(next.point)
    show(next)
  },
  lost() {
    lostAt ??= Date.now()
    draw()
  },
})
setInterval(draw, 1_000)

function show(next: Snapshot): void {
  snapshot = next
  lastEventAt = Date.now()
  lostAt = null
  draw()
}

function draw(): void {
  const now = new Date()
  const secondsWithoutEvent = snapshot ? (now.getTime() - lastEventAt) / 1000 : 0
  const lost = lostAt !== null || secondsWithoutEvent > STALE_AFTER_SECONDS
  const connection = { snapshot, lost, secondsWithoutEvent }
  document.body.classList.toggle('lost', lost)
  render(
    page({
      ...connection,
      now,
      notice: lost ? lostNotice(secondsWithoutEvent) : restartNotice(),
      charts,
      openFeeds,
      toggleFeed(feed) {
        if (!openFeeds.delete(feed)) openFeeds.add(feed)
        draw()
      },
      allFailures,
      toggleAllFailures() {
        allFailures = !allFailures
        draw()
      },
    }),
    root,
  )
  charts.draw()
  const state = stateOf(connection)
  if (state) showInTab(state, snapshot)
}

function lostNotice(secondsWithoutEvent: number): string {
  const old = snapshot ? ` The figures below are ${duration(secondsWithoutEvent)} old.` : ''
  return `The connection to the console was lost at ${timeOfDay(new Date(lostAt ?? lastEventAt))}. The page tries to connect again…${old}`
}

function restartNotice(): string {
  return restartedAt ? `The console was restarted at ${timeOfDay(restartedAt)}; the charts begin there.` : ''
}
