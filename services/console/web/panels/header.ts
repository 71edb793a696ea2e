/** The header: the state of the whole system, whether this page is live, and the time. */
import type { Snapshot } from '../../snapshot.ts'
import { duration, NOT_KNOWN, since, timeOfDay, when } from '../lib/format.ts'
import { html, icon, type VNode } from '../lib/html.ts'
import { logOut } from '../lib/log-out.ts'
import { KINDS } from '../lib/states.ts'

export interface Connection {
  readonly snapshot: Snapshot | null
  /** True when this page has no connection to the console. */
  readonly lost: boolean
  /** Seconds since this page received the last event from the console. */
  readonly secondsWithoutEvent: number
}

/** The state that the header, the tab and its icon show; without a connection the current state is unknown. */
export function stateOf({ snapshot, lost }: Connection) {
  if (lost) return { kind: 'lost', sentence: 'Not connected: current state unknown', since: null } as const
  return snapshot?.overall
}

export function header(connection: Connection, now: Date): VNode {
  const { snapshot } = connection
  const state = stateOf(connection)
  return html`
    <header class="top">
      <h1 class="brand">
        <svg viewBox="0 0 48 24" aria-hidden="true">
          <rect x="2" y="6" width="19" height="12" rx="6" />
          <rect x="14.5" y="6" width="19" height="12" rx="6" />
          <rect x="27" y="6" width="19" height="12" rx="6" />
        </svg>
        Chainon
      </h1>
      <p id="overall" class="overall ${state ? KINDS[state.kind].tone : ''}">
        ${
          state &&
          html`
          ${icon(KINDS[state.kind].icon)}
          <span>
            <span class="words">${state.sentence}</span>
            ${state.since && html`<span class="since num"> since ${when(state.since, now)} (${since(state.since, now)})</span>`}
          </span>
        `
        }
      </p>
      <dl class="clocks">
        <div><dt>Page</dt><dd id="live">${live(connection)}</dd></div>
        <div><dt>Console uptime</dt><dd class="num">${snapshot ? since(snapshot.started_at, now) : NOT_KNOWN}</dd></div>
        <div><dt>Clock</dt><dd><time class="num clock" datetime=${now.toISOString()}>${timeOfDay(now)}</time></dd></div>
        <div><dt>Linkage</dt><dd><a class="to-review" href="/review">Review</a></dd></div>
        <div><dt>Operator</dt><dd><button type="button" id="log-out" onClick=${() => void logOut()}>Log out</button></dd></div>
      </dl>
    </header>
  `
}

function live({ snapshot, lost, secondsWithoutEvent }: Connection): VNode {
  const ok = snapshot !== null && !lost
  const word = !snapshot ? 'connecting' : lost ? `stale, ${duration(secondsWithoutEvent)}` : 'live'
  return html`<span class=${ok ? 'ok' : 'warn'}>${icon(ok ? 'flow' : 'warn')} ${word}</span>`
}
