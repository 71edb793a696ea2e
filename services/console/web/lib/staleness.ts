/** How old the figures of each source are. Figures of a source that does not answer are grey, with the reason beside them. */
import type { Snapshot, SourceName, SourceView } from '../../snapshot.ts'
import { duration, when } from './format.ts'
import { html, type VNode } from './html.ts'

/** What a panel is drawn from. */
export interface View {
  readonly snapshot: Snapshot
  /** Since this page last heard from the console. */
  readonly silentSeconds: number
}

/** A page that has heard nothing for longer than this shows no figure as current. */
export const SILENT_SECONDS = 5

export function isStale({ snapshot, silentSeconds }: View, source: SourceName): boolean {
  return snapshot.sources[source].status !== 'live' || silentSeconds > SILENT_SECONDS
}

/** @returns the line beside a panel's title that says how old its figures are */
export function staleness(view: View, source: SourceName): VNode {
  const stale = isStale(view, source)
  return html`<p class="age ${stale ? 'old' : ''}">${stalenessText(view.snapshot.sources[source], stale, view.silentSeconds)}</p>`
}

function stalenessText(source: SourceView, stale: boolean, silentSeconds: number): string {
  if (source.age_seconds === null) return source.problem ? `no answer yet: ${source.problem}` : 'no answer yet'
  const age = Math.round(source.age_seconds + silentSeconds)
  if (!stale) return age < 1 ? 'now' : `${duration(age)} ago`
  const since = source.failing_since ? `, no answer since ${when(source.failing_since, new Date())}` : ''
  return `${duration(age)} old${since}`
}

/** A panel whose figures come from one source: its title, how old they are, and its content. */
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
