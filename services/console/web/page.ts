/** The whole page, from its state. */
import type { Snapshot } from '../snapshot.ts'
import { html, type VNode } from './lib/html.ts'
import type { View } from './lib/staleness.ts'
import { COMPONENT_TITLES } from './lib/states.ts'
import { alarmsPanel } from './panels/alarms.ts'
import { balancePanel } from './panels/balance.ts'
import type { Charts } from './panels/charts.ts'
import { componentsPanel } from './panels/components.ts'
import { emptyPanel } from './panels/empty.ts'
import { type FailuresPanelOptions, failuresPanel } from './panels/failures.ts'
import { freshnessPanel, receivedPanel } from './panels/figures.ts'
import { type Connection, header } from './panels/header.ts'
import { type LedgerPanelOptions, ledgerPanel } from './panels/ledger.ts'
import { pipelinePanel } from './panels/pipeline.ts'

export interface PageState extends Connection, LedgerPanelOptions, FailuresPanelOptions {
  readonly now: Date
  /** Text of the banner; empty: no banner. */
  readonly notice: string
  readonly charts: Charts
}

export function page(state: PageState): VNode {
  const { snapshot, notice, secondsWithoutEvent } = state
  return html`
    <div id="banner" class="banner" role="alert" hidden=${notice === ''}>${notice}</div>
    <div class="visually-hidden" aria-live="polite">${snapshot && announcement(snapshot)}</div>
    ${header(state, state.now)}
    <main id="main">${snapshot && panels({ snapshot, secondsWithoutEvent }, state)}</main>
  `
}

function panels(view: View, state: PageState): VNode {
  return html`
    ${balancePanel(view)}
    ${receivedPanel(view)}
    ${freshnessPanel(view)}
    ${pipelinePanel(view)}
    ${alarmsPanel(view)}
    ${view.snapshot.empty ? emptyPanel(view) : state.charts.panels()}
    ${ledgerPanel(view, state)}
    ${failuresPanel(view, state)}
    ${componentsPanel(view)}
  `
}

/** For a screen reader: components that are not up and alarms, but no figure that changes each second. */
function announcement({ overall, components, alarms }: Snapshot): string {
  const down = components.filter(({ state }) => state !== 'running' && state !== 'external')
  return [
    overall.kind === 'flowing' || overall.kind === 'idle' ? 'Every component is up.' : '',
    ...down.map(({ name, state }) => `${COMPONENT_TITLES[name]}: ${state}.`),
    ...alarms.map(({ message }) => `Alarm: ${message}.`),
  ].join(' ')
}
