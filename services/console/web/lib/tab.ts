/** The title and the icon of the browser's tab: they show the state while the page itself is hidden. */
import type { Overall, Snapshot } from '../../snapshot.ts'
import { rate } from './format.ts'
import { byId } from './html.ts'
import { KINDS, type Tone } from './states.ts'

const ICON_COLOURS: Readonly<Record<Tone, string>> = { ok: '#2fbf8f', info: '#4ba3e3', warn: '#f2b83b', bad: '#ff5a36' }
const MARKS: Readonly<Record<Tone, string>> = { ok: '✓', info: '·', warn: '▲', bad: '✖' }
let shownTone: Tone | undefined

/** @param state of the whole system, or `lost` */
export function showInTab(
  state: { readonly kind: Overall['kind'] | 'lost'; readonly sentence: string },
  snapshot: Snapshot | null,
): void {
  const { tone, word } = KINDS[state.kind]
  const flow = state.kind === 'flowing' && snapshot ? ` ${rate(snapshot.rates.received)} records/s` : ''
  const text = state.kind === 'down' || state.kind === 'alarm' ? state.sentence : word
  const title = `${MARKS[tone]} Chainon: ${text}${flow}`
  if (document.title !== title) document.title = title
  if (shownTone === tone) return
  shownTone = tone
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#121922"/><circle cx="16" cy="16" r="9" fill="${ICON_COLOURS[tone]}"/></svg>`
  byId('favicon').setAttribute('href', `data:image/svg+xml,${encodeURIComponent(picture)}`)
}
