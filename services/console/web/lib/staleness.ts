/** The staleness of each source's figures. Figures of a source that does not answer are grey, with the reason beside them. */
import type { Snapshot, SourceName, SourceView } from '../../snapshot.ts'
import { duration, when } from './format.ts'
import { html, type VNode } from './html.ts'

/** The data of all panels. */
export interface View {
  readonly snapshot: Snapshot
  /** Seconds since this page received the last event from the console. */
  readonly secondsWithoutEvent: number
}

/** After this many seconds without an event the page shows no figure as current. */
export const STALE_AFTER_SECONDS = 5

export function isStale({ snapshot, secondsWithoutEvent }: View, source: SourceName): boolean {
  return snapshot.sources[source].status !== 'live' || secondsWithoutEvent > STALE_AFTER_SECONDS
}

/** @returns the staleness of a panel's figures, as the text beside its title */
export function staleness(view: View, source: SourceName): VNode {
  const stale = isStale(view, source)
  return html`<p class="note ${stale ? 'stale' : ''}">${stalenessText(view.snapshot.sources[source], stale, view.secondsWithoutEvent)}</p>`
}

function stalenessText(source: SourceView, stale: boolean, secondsWithoutEvent: number): string {
  if (source.age_seconds === null) return source.problem ? `no answer yet: ${source.problem}` : 'no answer yet'
  const total = Math.round(source.age_seconds + secondsWithoutEvent)
  if (!stale) return total < 1 ? 'now' : `${duration(total)} ago`
  const since = source.failing_since ? `, no answer since ${when(source.failing_since, new Date())}` : ''
  return `${duration(total)} old${since}`
}

/** A panel whose figures come from one source: its title, the staleness of the figures, and its content. */
export function sourcePanel(
  view: View,
  { id, title, source }: { readonly id: string; readonly title: string; readonly source: SourceName },
  content: VNode,
): VNode {
  return html`
    <section class="panel ${id} ${isStale(view, source) ? 'stale' : ''}" id=${id} aria-labelledby="${id}-title">
      <div class="head"><h2 id="${id}-title">${title}</h2>${staleness(view, source)}</div>
      ${content}
    </section>
  `
}

/** A table that scrolls inside its panel. */
export function scrollingTable(panelId: string, rows: VNode): VNode {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-labelledby="${panelId}-title"><table>${rows}</table></div>
  `
}
