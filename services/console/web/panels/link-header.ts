/** The header of the pages of the linkage. */
import { html, type VNode } from '../lib/html.ts'
import { logOut } from '../lib/log-out.ts'

const PAGES = [
  { path: '/', name: 'Figures' },
  { path: '/review', name: 'Review' },
  { path: '/explain', name: 'Explain' },
] as const

export function linkHeader(current: (typeof PAGES)[number]['path'], title: string): VNode {
  return html`
    <header class="top">
      <h1 class="brand">${title}</h1>
      <nav aria-label="Pages">
        <ul class="pages">
          ${PAGES.map(
            ({ path, name }) =>
              html`<li key=${path}><a href=${path} aria-current=${path === current ? 'page' : undefined}>${name}</a></li>`,
          )}
        </ul>
      </nav>
      <button type="button" id="log-out" onClick=${() => void logOut()}>Log out</button>
    </header>
  `
}
