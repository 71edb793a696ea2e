/** A reviewer's session: asks about one pair after another, one key each. Where the keys come from and what sends a decision is given to it. */
import type { Decision } from '#core/contract/link-decision.ts'
import type { ReviewPair } from '#core/linkage/review-queue.ts'
import type { ReviewLog } from './review-log.ts'
import { askText, HELP, patternOf } from './review-text.ts'
import { type Entry, isAsked, type Mode, type Standing, standingOf, standings, type Verdict } from './standing.ts'

export interface SessionParts {
  /** All of the queue, in its order; only those are asked that this reviewer is to judge. */
  readonly pairs: readonly ReviewPair[]
  readonly log: ReviewLog
  readonly reviewer: string
  readonly mode: Mode
  readonly account: string
  /** One key each; their end ends the session. */
  readonly keys: AsyncIterable<string>
  readonly write: (text: string) => void
  /** @returns 0, or the exit status of the failure, about which it has written */
  readonly decide: (decision: Decision, records: readonly string[], reason: string, by: string) => Promise<number>
  readonly now: () => number
}

const VERDICTS: Readonly<Record<string, Verdict>> = { a: 'accept', n: 'never' }
const REASONS: Readonly<Record<Mode, string>> = {
  alone: 'review-alone',
  second: 'review-two-agree',
  third: 'review-third',
}

/** @returns 0, or the status of the decision that could not be sent: its verdict stays, and the next session sends it */
export async function session(parts: SessionParts): Promise<number> {
  const { pairs, log, reviewer, mode, write } = parts
  const before = await sendDecided(parts)
  if (before !== 0) return before
  const known = standings(log.read())
  const asked = pairs.filter(({ pair }) => isAsked(known.get(pair) ?? standingOf([]), reviewer, mode))
  const judged: number[] = []
  let at = 0
  const ask = () => {
    const pair = asked[at]
    write(pair ? askText(pair, at + 1, asked.length) : 'That was the last one. u undo, q quit: ')
    return pair
  }
  if (asked.length === 0) {
    write('Nothing to review.\n')
    return 0
  }
  let pair = ask()
  for await (const key of parts.keys) {
    const verdict = VERDICTS[key]
    if (key === 'q') break
    if (pair && verdict) {
      const status = await judge(parts, pair, verdict)
      if (status === undefined) write('Decided by others meanwhile.\n')
      else {
        judged.push(at)
        if (status !== 0) return status
      }
      at++
    } else if (pair && key === 's') {
      write('skipped\n')
      at++
    } else if (key === 'u') {
      const last = judged.pop()
      if (last === undefined) {
        write('Nothing to undo in this session.\n')
        continue
      }
      const status = await undo(parts, asked[last] as ReviewPair)
      if (status !== 0) return status
      at = last
    } else {
      write(key === '?' ? `\n${HELP}` : 'a, n, s, u, q, or ? for help\n')
      continue
    }
    pair = ask()
  }
  write(`\n${judged.length} judged.\n`)
  return 0
}

const current = ({ log }: SessionParts, pair: string): Standing =>
  standingOf(log.read().filter((one) => one.pair === pair))

/** What reviewers agreed on and a kill or a failure kept from being sent. */
async function sendDecided(parts: SessionParts): Promise<number> {
  const due = [...standings(parts.log.read())].filter(([, { state, sent }]) => state === 'decided' && !sent)
  const byName = new Map(parts.pairs.map((pair) => [pair.pair, pair]))
  let missing = 0
  for (const [name] of due) {
    const pair = byName.get(name)
    const status = pair ? await send(parts, pair) : 0
    if (!pair) missing++
    if (status !== 0) return status
  }
  if (missing > 0)
    parts.write(
      `Not sent: decisions on ${missing} pairs that are not in this queue. A greater --sample or --most may find them; else they are no longer in the band.\n`,
    )
  return 0
}

/** @returns undefined where others have decided meanwhile */
async function judge(parts: SessionParts, pair: ReviewPair, verdict: Verdict): Promise<number | undefined> {
  // Others add to the log while this one is asked.
  if (!isAsked(current(parts, pair.pair), parts.reviewer, parts.mode)) return undefined
  note(parts, pair, verdict)
  const { state } = current(parts, pair.pair)
  if (state !== 'decided') {
    parts.write(
      `${verdict}: ${state === 'disputed' ? 'the two reviewers differ, a third decides' : 'waits for a second reviewer'}\n`,
    )
    return 0
  }
  parts.write(`${verdict}: is sent\n`)
  return send(parts, pair)
}

async function send(parts: SessionParts, pair: ReviewPair): Promise<number> {
  const { decision, by, verdicts } = current(parts, pair.pair)
  if (!decision) return 0
  const mode = verdicts.find(({ reviewer }) => reviewer === by[0])?.mode ?? parts.mode
  const status = await parts.decide(decision, pair.explained.records, REASONS[mode], by.join(':'))
  if (status === 0) note(parts, pair, 'sent')
  return status
}

/** Killed between the two, the model decides again: rather than that a decision stays which was taken back. */
async function undo(parts: SessionParts, pair: ReviewPair): Promise<number> {
  const { sent } = current(parts, pair.pair)
  const status = sent ? await parts.decide('withdraw', pair.explained.records, 'review-undone', parts.reviewer) : 0
  if (status === 0) note(parts, pair, 'undo')
  parts.write(status === 0 ? 'taken back\n' : 'not taken back\n')
  return status
}

function note({ log, reviewer, mode, account, now }: SessionParts, pair: ReviewPair, entry: Entry['entry']): void {
  log.add({ pair: pair.pair, entry, reviewer, mode, pattern: patternOf(pair), at: now(), account })
}
