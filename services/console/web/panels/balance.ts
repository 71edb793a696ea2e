/** Whether every accepted record is accounted for, and the sum that shows it. */
import type { LedgerView } from '../../snapshot.ts'
import { DEFINITIONS } from '../lib/definitions.ts'
import { count, NOT_KNOWN } from '../lib/format.ts'
import { defined, html, icon, type VNode } from '../lib/html.ts'
import { isStale, staleness, type View } from '../lib/staleness.ts'
import type { Appearance } from '../lib/states.ts'

export function balancePanel(view: View): VNode {
  const { ledger, empty } = view.snapshot
  const stale = isStale(view, 'ledger')
  const { tone, icon: picture, word } = statement(ledger, stale, empty)
  return html`
    <section class="panel balance ${tone === 'bad' ? 'not-balanced' : ''}" id="balance" aria-labelledby="balance-title">
      <div class="statement">
        <h2 id="balance-title"><span class=${tone}>${icon(picture)}</span> ${defined(word, DEFINITIONS.balanced)}</h2>
        ${staleness(view, 'ledger')}
      </div>
      <div class="equation ${stale ? 'stale' : ''}" id="equation">${equation(ledger)}</div>
    </section>
  `
}

function statement(ledger: LedgerView | null, stale: boolean, empty: boolean): Appearance {
  if (!ledger) return { tone: 'warn', icon: 'unknown', word: 'Unknown: the ledger was not read yet' }
  if (!ledger.balanced) return { tone: 'bad', icon: 'bad', word: notBalanced(ledger, stale) }
  if (stale) return { tone: 'warn', icon: 'unknown', word: 'Current state unknown: balanced when last read' }
  if (empty) return { tone: 'info', icon: 'wait', word: 'No record to account for yet' }
  return { tone: 'ok', icon: 'ok', word: 'Balanced: every accepted record is accounted for' }
}

function notBalanced({ total: { gaps, overlaps }, unexplained }: LedgerView, stale: boolean): string {
  const found = [
    gaps > 0 ? `${count(gaps)} missing` : '',
    overlaps > 0 ? `${count(overlaps)} counted twice` : '',
    gaps + overlaps === 0 ? `${count(unexplained)} unaccounted for` : '',
  ]
  return `NOT balanced${stale ? ' when last read' : ''}: ${found.filter(Boolean).join(', ')}`
}

function equation(ledger: LedgerView | null): VNode {
  const { accepted, loaded, quarantined, rejected, lost = 0, in_flight } = ledger?.total ?? {}
  const share = (n = 0) => (accepted ? percentOf(n, accepted) : '')
  return html`
    ${card('Accepted', DEFINITIONS.accepted, accepted, 'records')}
    ${operator('=', 'equals')}
    ${card('Loaded', DEFINITIONS.loaded, loaded, share(loaded))}
    ${operator('+', 'plus')}
    ${card('Quarantined', DEFINITIONS.quarantined, quarantined, share(quarantined))}
    ${operator('+', 'plus')}
    ${card('Rejected by a rule', DEFINITIONS.rejected, rejected, share(rejected))}
    ${operator('+', 'plus')}
    ${lost > 0 && [card('Lost', DEFINITIONS.lost, lost, share(lost)), operator('+', 'plus')]}
    ${card('In flight', DEFINITIONS.inFlight, in_flight, ledger ? 'no outcome yet' : '')}
  `
}

function card(label: string, definition: string, n: number | undefined, sub: string): VNode {
  const text = n === undefined ? NOT_KNOWN : count(n)
  return html`
    <div class="card fig">
      <div class="label">${defined(label, definition)}</div>
      <div class="value ${text.length > 9 ? 'long' : ''}">${text}</div>
      <div class="sub">${sub}</div>
    </div>
  `
}

function operator(sign: string, word: string): VNode {
  return html`<div class="op" role="img" aria-label=${word}>${sign}</div>`
}

/** Rounded down, so that 100 % is shown only for all records. */
function percentOf(n: number, all: number): string {
  const share = Math.floor((n / all) * 1e4) / 100
  return n > 0 && share === 0 ? '< 0.01 %' : `${share.toFixed(2)} %`
}
