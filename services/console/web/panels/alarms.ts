/** The active alarms, newest first. */
import type { SourceName } from '../../snapshot.ts'
import { since, when } from '../lib/format.ts'
import { html, icon, type VNode } from '../lib/html.ts'
import type { View } from '../lib/staleness.ts'

/** Alarms come from these; while one does not answer, "no alarms" is not certain. */
const RAISE_ALARMS: readonly SourceName[] = ['gateway', 'deidentify', 'curate', 'ledger']

export function alarmsPanel({ snapshot: { alarms, sources, now: at } }: View): VNode {
  const now = new Date(at)
  const silent = RAISE_ALARMS.filter((name) => sources[name].status !== 'live')
  return html`
    <section class="panel alarms" aria-labelledby="alarms-title">
      <div class="head">
        <h2 id="alarms-title">Alarms</h2>
        <p class="age">${alarms.length === 0 ? 'none' : `${alarms.length} active, newest first`}</p>
      </div>
      <ul id="alarms" class="scroll" tabindex="0" aria-labelledby="alarms-title">
        ${alarms.map(
          ({ id, message, source, code, since: raised }) => html`
            <li key=${id}>
              <div><span class="bad">${icon('bad')}</span> ${message}</div>
              <div class="meta">${source}, ${code}, since ${when(raised, now)} (${since(raised, now)})</div>
            </li>
          `,
        )}
        ${(alarms.length === 0 || silent.length > 0) && quiet(silent)}
      </ul>
    </section>
  `
}

function quiet(silent: readonly SourceName[]): VNode {
  const known = silent.length === 0
  const text = known ? 'No alarms.' : `Unknown whether there are other alarms: no answer from ${silent.join(', ')}.`
  return html`
    <li class="quiet" key="quiet">
      <span class=${known ? 'ok' : 'warn'}>${icon(known ? 'ok' : 'unknown')}</span>
      ${' '}${text}
    </li>
  `
}
