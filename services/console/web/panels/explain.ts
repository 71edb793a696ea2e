/** The page of explanations: a pair or a person, and what became of the person. */
import type { PersonHistory } from '#core/linkage/review/commands.ts'
import type { ExplainedPerson } from '#core/linkage/shown-person.ts'
import type { ExplainView } from '../../review/view.ts'
import { html, type VNode } from '../lib/html.ts'
import { linkHeader } from './link-header.ts'
import { waterfall } from './waterfall.ts'

export interface ExplainState {
  readonly a: string
  readonly b: string
  readonly asking: boolean
  readonly problem: string
  readonly view: ExplainView | null
  readonly ask: (a: string, b: string) => void
}

export function explainPage(state: ExplainState): VNode {
  const { a, b, asking, problem, view } = state
  const submit = (event: Event) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    state.ask(String(form.get('a') ?? '').trim(), String(form.get('b') ?? '').trim())
  }
  return html`
    ${linkHeader('/explain', 'Links explained')}
    <main id="main">
      <form class="panel ask" onSubmit=${submit} aria-label="Records">
        <label>Record <input name="a" value=${a} placeholder="patient/p1_…" autocomplete="off" spellcheck=${false} required /></label>
        <label>Another record, for a pair <input name="b" value=${b} placeholder="its person without it" autocomplete="off" spellcheck=${false} /></label>
        <button type="submit" disabled=${asking}>Explain</button>
      </form>
      <p id="problem" class="banner" role="alert" hidden=${problem === ''}>${problem}</p>
      <p id="said" class="said" role="status">${asking ? 'The linker reads its index…' : ''}</p>
      ${
        view?.pair &&
        html`<section class="panel comparison" aria-labelledby="pair-title"><h2 id="pair-title">The pair</h2>${waterfall(view.pair)}</section>`
      }
      ${view?.person && personPanel(view.person)}
      ${view && historyPanel(view.history, view.problem)}
    </main>
  `
}

function personPanel({ person, records, patients, tree, weakest, bounded, model }: ExplainedPerson): VNode {
  return html`
    <section class="panel" aria-labelledby="person-title">
      <h2 id="person-title">
        A person of ${records.length === 1 ? '1 record' : `${records.length} records`},
        ${' '}${patients === 1 ? '1 patient number' : `${patients} patient numbers`}
      </h2>
      <p class="records">named after <code>${person}</code></p>
      ${bounded && html`<p class="warn">Only the first records of a larger person.</p>`}
      ${tree.length === 0 && html`<p class="none">Alone: no other record is linked to it.</p>`}
      <ol class="edges">
        ${tree.map(
          ({ records: [one = '', other = ''], weight, probability }) => html`
            <li key="${one} ${other}">
              <span class="num">${weight === 'certain' ? 'certain' : `${weight} bits, probability ${probability.toFixed(2)}`}</span>
              <code>${one}</code><code>${other}</code>
              <a href="/explain?a=${encodeURIComponent(one)}&b=${encodeURIComponent(other)}">Why</a>
            </li>
          `,
        )}
      </ol>
      ${
        weakest &&
        html`<p>The weakest is the last one: without it there are groups of ${weakest.groups.join(' and ')} records.</p>`
      }
      <p class="dim">Model ${model}</p>
    </section>
  `
}

const KINDS: Readonly<Record<string, string>> = {
  split: 'split off from',
  merge: 'joined from',
  rename: 'named otherwise, before',
  cancelled: 'cancelled, of',
}

function historyPanel(history: PersonHistory | null, problem: string | null): VNode {
  return html`
    <section class="panel" aria-labelledby="history-title">
      <h2 id="history-title">What became of the person of the first record</h2>
      ${problem && html`<p class="warn">${problem}</p>`}
      ${history && history.changes.length === 0 && html`<p class="none">It has not changed since it was linked first.</p>`}
      <ol class="history">
        ${history?.changes.map(
          ({ at, kind, reason, from, to, records }, n) => html`
            <li key=${n}>
              <time datetime=${at}>${at.replace('T', ' ').replace('Z', ' UTC')}</time>
              ${' '}${records === 1 ? '1 record' : `${records} records`} ${KINDS[kind] ?? kind} person ${from}${to === null ? '' : `, now of person ${to}`}
              <span class="dim"> (${reason === 'decision' ? 'a decision of reviewers or operators' : reason})</span>
            </li>
          `,
        )}
      </ol>
      ${history && html`<p class="dim">Person 1 is the one of now. ${history.more ? 'There are older changes.' : ''}</p>`}
    </section>
  `
}
