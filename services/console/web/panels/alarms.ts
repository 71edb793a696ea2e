/** The active alarms, newest first. */
import type { SourceName } from '../../snapshot.ts'
import { since, when } from '../lib/format.ts'
import { html, icon, type VNode } from '../lib/html.ts'
import type { View } from '../lib/staleness.ts'

/** The sources of alarms. While one of them does not answer, it can have alarms that are not shown. */
const ALARM_SOURCES: readonly SourceName[] = ['gateway', 'deidentify', 'linker', 'curate', 'ledger']

export function alarmsPanel({ snapshot: { alarms, sources, now: at } }: View): VNode {
  const now = new Date(at)
  const unreachable = ALARM_SOURCES.filter((name) => sources[name].status !== 'live')
  return html`
    <section class="panel alarms" aria-labelledby="alarms-title">
      <div class="head">
        <h2 id="alarms-title">Alarms</h2>
        <p class="note">${alarms.length === 0 ? 'none' : `${alarms.length} active, newest first`}</p>
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
        ${(alarms.length === 0 || unreachable.length > 0) && noAlarms(unreachable)}
      </ul>
    </section>
  `
}

function noAlarms(unreachable: readonly SourceName[]): VNode {
  const known = unreachable.length === 0
  const text = known
    ? 'No alarms.'
    : `Unknown whether there are other alarms: no answer from ${unreachable.join(', ')}.`
  return html`
    <li class="no-alarms" key="no-alarms">
      <span class=${known ? 'ok' : 'warn'}>${icon(known ? 'ok' : 'unknown')}</span>
      ${' '}${text}
    </li>
  `
}
