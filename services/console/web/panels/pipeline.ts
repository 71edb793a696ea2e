/** Gateway, de-identify, curate, ClickHouse: the records per second of each, and the lag between them. */
import type { ComponentName, LagView, SourceName } from '../../snapshot.ts'
import { DEFINITIONS } from '../lib/definitions.ts'
import { bytes, count, rate, secondsText } from '../lib/format.ts'
import { defined, figure, html, icon, type VNode } from '../lib/html.ts'
import { isStale, type View } from '../lib/staleness.ts'
import { COMPONENT_STATES, COMPONENT_TITLES } from '../lib/states.ts'

export function pipelinePanel(view: View): VNode {
  const { rates, lag, ledger, gateway_inflight_bytes: inflight } = view.snapshot
  const accepted = inflight === null ? 'accepted' : `accepted, ${bytes(inflight)} in progress`
  const added = `added; ${count(ledger?.total.loaded ?? null)} in total`
  return html`
    <section class="panel pipeline" aria-labelledby="pipeline-title">
      <h2 id="pipeline-title" class="visually-hidden">The path of a record</h2>
      <ol id="pipeline" class="boxes">
        ${box(view, 'gateway', 'gateway', rates.accepted, accepted, DEFINITIONS.perSecond)}
        ${connector('identified log', waiting(lag.deidentify), rates.accepted)}
        ${box(view, 'deidentify', 'deidentify', rates.deidentified, 'processed', DEFINITIONS.processed)}
        ${connector('pseudonymised log', waiting(lag.curate), rates.deidentified)}
        ${box(view, 'curate', 'curate', rates.curated, 'validated, linked, loaded', DEFINITIONS.processed)}
        ${connector('exactly-once insert', freshness(view), rates.curated)}
        ${box(view, 'clickhouse', 'ledger', rates.warehouse, added, DEFINITIONS.warehouse)}
      </ol>
    </section>
  `
}

function box(
  view: View,
  name: ComponentName,
  source: SourceName,
  perSecond: number | null,
  sub: string,
  definition: string,
): VNode {
  const state = view.snapshot.components.find((component) => component.name === name)?.state ?? 'unknown'
  const { tone, icon: picture, word } = COMPONENT_STATES[state]
  return html`
    <li class="box" data-box=${name}>
      <div class="name">${COMPONENT_TITLES[name]}<span class="state ${tone}">${icon(picture)} ${word}</span></div>
      <div class="value fig ${isStale(view, source) ? 'stale' : ''}">
        ${figure(rate(perSecond), perSecond === null ? '' : 'records/s')}
      </div>
      <div class="sub">${defined(sub, definition)}</div>
    </li>
  `
}

function connector(what: string, figures: VNode, perSecond: number | null): VNode {
  return html`
    <li class="connector ${(perSecond ?? 0) > 0 ? 'flowing' : ''}">
      <div class="what">${what}</div>
      <div class="arrow" aria-hidden="true"><i></i></div>
      ${figures}
    </li>
  `
}

function waiting({ records, seconds }: LagView): VNode {
  if (records === null) return html`<div class="lag dim">lag unknown</div>`
  return html`
    <div class="lag">
      ${defined(`${count(records)} waiting`, DEFINITIONS.lag)}
      ${records > 0 && seconds !== null && html` <span>${secondsText(seconds)} behind</span>`}
    </div>
  `
}

function freshness(view: View): VNode {
  const { basis, p95 } = view.snapshot.freshness
  return html`
    <div class="lag fig ${isStale(view, 'curate') ? 'stale' : ''}">
      ${
        basis === 'none'
          ? html`<span class="dim">not measured yet</span>`
          : html`<span>p95 ${secondsText(p95)}</span> <span>from the 202</span>`
      }
    </div>
  `
}
