/** The state of each component: since when, the number of restarts, the memory. */
import type { ComponentView } from '../../snapshot.ts'
import { DEFINITIONS } from '../lib/definitions.ts'
import { bytes, count, NOT_KNOWN, when } from '../lib/format.ts'
import { type ComponentChildren, column, defined, html, icon, type VNode } from '../lib/html.ts'
import { scrollingTable, sourcePanel, type View } from '../lib/staleness.ts'
import { COMPONENT_STATES, COMPONENT_TITLES } from '../lib/states.ts'

export function componentsPanel(view: View): VNode {
  const now = new Date(view.snapshot.now)
  const table = html`
    <thead>
      <tr>
        ${column('component', undefined, 'left')}
        ${column('state', undefined, 'left')}
        ${column('since')}
        ${column('restarts', DEFINITIONS.restarts)}
        ${column('memory', DEFINITIONS.memory)}
        ${column('pid')}
      </tr>
    </thead>
    <tbody>${view.snapshot.components.flatMap((component) => rows(component, now))}</tbody>
  `
  const panel = { id: 'components', title: 'Components', source: 'components' } as const
  return sourcePanel(view, panel, scrollingTable('components', table))
}

function rows(component: ComponentView, now: Date): readonly (VNode | false)[] {
  const { name, url, state, since, message, memory_bytes, pid } = component
  const look = COMPONENT_STATES[state]
  return [
    html`
      <tr key=${name}>
        <th scope="row" class="left" title=${url}>${COMPONENT_TITLES[name]}</th>
        <td class="left ${look.tone}">${icon(look.icon)} ${look.word}</td>
        <td>${when(since, now)}</td>
        <td class=${component.restarts ? 'warn' : 'zero'}>${restarts(component)}</td>
        <td>${bytes(memory_bytes)}</td>
        <td class="dim">${pid ?? NOT_KNOWN}</td>
      </tr>
    `,
    message !== '' &&
      !isUp(component) &&
      html`<tr key="${name}-message"><td colspan="6" class="left message">${message}</td></tr>`,
  ]
}

/** For a component that runs again, the tooltip of the number shows why it was restarted. */
function restarts(component: ComponentView): ComponentChildren {
  const text = count(component.restarts)
  return component.message && isUp(component) ? defined(text, component.message) : text
}

function isUp({ state }: ComponentView): boolean {
  return state === 'running' || state === 'external'
}
