/** The page of the review: progress, one pair at a time, its keys. */
import type { ListName, ReviewView } from '../../review/view.ts'
import { html, type VNode } from '../lib/html.ts'
import { linkHeader } from './link-header.ts'
import { waterfall } from './waterfall.ts'

export type ReviewPair = ReviewView['pairs'][number]
export const ACTIONS = [
  { key: 'a', name: 'accept', label: 'Same person' },
  { key: 'n', name: 'never', label: 'Different' },
  { key: 'i', name: 'unsure', label: 'In doubt' },
  { key: 's', name: 'skip', label: 'Skip' },
  { key: 'u', name: 'back', label: 'Back' },
] as const
export type ActionName = (typeof ACTIONS)[number]['name']

export interface ReviewState {
  readonly list: ListName
  readonly view: ReviewView | null
  readonly pair: ReviewPair | undefined
  readonly skipped: number
  readonly canGoBack: boolean
  /** What became of the last key; empty: nothing. */
  readonly said: string
  readonly problem: string
  readonly act: (name: ActionName) => void
  readonly choose: (list: ListName) => void
  readonly fresh: () => void
  readonly again: () => void
}

const LISTS = [
  { name: 'queue', label: 'Queue', text: 'pairs that the model leaves to people' },
  { name: 'clerical', label: 'Sample of links', text: 'links drawn at random, for the estimate of false links' },
  { name: 'disputes', label: 'Disputes', text: 'on which two reviewers differ' },
] as const

export function reviewPage(state: ReviewState): VNode {
  const { view, said, problem, list } = state
  return html`
    ${linkHeader('/review', 'Review of links')}
    <main id="main">
      <section class="panel" aria-labelledby="lists-title">
        <h2 id="lists-title" class="visually-hidden">Lists</h2>
        <div class="lists" role="group" aria-label="List">
          ${LISTS.map(
            ({ name, label, text }) => html`
              <button type="button" key=${name} aria-pressed=${String(name === list)} title=${text} onClick=${() => state.choose(name)}>
                ${label}
              </button>
            `,
          )}
          <button type="button" class="quiet" onClick=${state.fresh} disabled=${view?.state === 'making'}>Make the list again</button>
        </div>
        ${view && progress(view)}
      </section>
      <p id="problem" class="banner" role="alert" hidden=${problem === ''}>${problem}</p>
      <p id="said" class="said" role="status">${said}</p>
      ${view && body(state, view)}
    </main>
  `
}

function progress(view: ReviewView): VNode {
  const { list, done, left, gain_left, reviewer, reviewers, agreement, unsent } = view
  const all = view.compared === view.known ? `all ${view.known}` : `${view.compared} of ${view.known}`
  const kappa = agreement.kappa === null ? '–' : agreement.kappa.toFixed(2)
  return html`
    <dl class="progress">
      <div><dt>Done by you</dt><dd id="done">${done}</dd></div>
      <div><dt>Left</dt><dd id="left">${left}</dd></div>
      <div><dt>Expected gain left</dt><dd>${gain_left.toFixed(1)} <span class="unit">pairs of patients</span></dd></div>
      <div><dt>Decided, waiting, disputed</dt><dd>${agreement.decided}, ${agreement.waiting}, ${agreement.disputed}</dd></div>
      <div>
        <dt>Agreement of two</dt>
        <dd>${agreement.percent === null ? '–' : `${agreement.percent} %`}, kappa ${kappa} <span class="unit">of ${agreement.pairs} pairs</span></dd>
      </div>
    </dl>
    <progress value=${done} max=${Math.max(1, done + left)} aria-label="Done of this list"></progress>
    <p class="dim">
      You review as ${reviewer}; ${reviewers === 2 ? 'a verdict counts where two reviewers agree' : 'your verdict decides'}.
      ${' '}${view.in_band} ${list === 'clerical' ? 'links' : 'pairs'} among ${all} records.${unsent > 0 && ` ${unsent === 1 ? '1 decision waits' : `${unsent} decisions wait`} to be sent.`}
    </p>
  `
}

function body(state: ReviewState, view: ReviewView): VNode {
  return html`
    <section class="panel comparison" aria-labelledby="pair-title">
      <h2 id="pair-title" tabindex="-1">${state.pair ? change(state.pair) : ended(state, view)}</h2>
      ${state.pair && waterfall(state.pair.explained)}
    </section>
    <div class="actions" role="group" aria-label="Verdict">
      ${ACTIONS.map(
        ({ key, name, label }) => html`
          <button
            type="button"
            key=${name}
            class="act-${name}"
            aria-keyshortcuts=${key.toUpperCase()}
            disabled=${name === 'back' ? !state.canGoBack : !state.pair}
            onClick=${() => state.act(name)}
          >
            <kbd aria-hidden="true">${key.toUpperCase()}</kbd> ${label}
          </button>
        `,
      )}
    </div>
  `
}

function change({ changes, gain, explained }: ReviewPair): string {
  const pairs = changes === 1 ? '1 pair of patients' : `${changes} pairs of patients`
  return explained.one_person
    ? `One person now: “Different” splits ${pairs} (gain ${gain.toFixed(2)})`
    : `Two people now: “Same person” joins ${pairs} (gain ${gain.toFixed(2)})`
}

function ended({ skipped, again }: ReviewState, { state, list }: ReviewView): VNode {
  if (state === 'making') return html`The linker reads its index and makes the list…`
  if (state === 'failed') return html`The list could not be made.`
  if (skipped > 0)
    return html`That was the last one. <button type="button" onClick=${again}>Ask the ${skipped} skipped again</button>`
  return html`${list === 'disputes' ? 'No dispute that you are to decide.' : 'Nothing left to review.'}`
}
