/** A reviewer's session: asks about one pair after another, one key each. Where the keys come from and what sends a decision is given to it. */
import type { ReviewPair } from '#core/linkage/review/review-queue.ts'
import { type Judgement, standings } from '#core/linkage/review/standing.ts'
import { askedOf, judge, type Reviewing, sendDecision, takeBack, unsent } from '#core/linkage/review/verdicts.ts'
import { askText, HELP } from './review-text.ts'

export interface SessionParts extends Reviewing {
  /** All of the queue, in its order; only those are asked that this reviewer is to judge. */
  readonly pairs: readonly ReviewPair[]
  /** One key each; their end ends the session. */
  readonly keys: AsyncIterable<string>
  readonly write: (text: string) => void
}

const JUDGEMENTS: Readonly<Record<string, Judgement>> = { a: 'accept', n: 'never', i: 'unsure' }

/** @returns 0, or the status of the decision that could not be sent: its verdict stays, and the next session sends it */
export async function session(parts: SessionParts): Promise<number> {
  const { pairs, log, reviewer, mode, write } = parts
  const before = await sendDecided(parts)
  if (before !== 0) return before
  const asked = askedOf(pairs, standings(log.read()), reviewer, mode)
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
    const judgement = JUDGEMENTS[key]
    if (key === 'q') break
    if (pair && judgement) {
      const status = await take(parts, pair, judgement)
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
      const status = await takeBack(parts, asked[last] as ReviewPair)
      write(status === 0 ? 'taken back\n' : 'not taken back\n')
      if (status !== 0) return status
      at = last
    } else {
      write(key === '?' ? `\n${HELP}` : 'a, n, i, s, u, q, or ? for help\n')
      continue
    }
    pair = ask()
  }
  write(`\n${judged.length} judged.\n`)
  return 0
}

async function sendDecided(parts: SessionParts): Promise<number> {
  const { pairs, missing } = unsent(parts.log, parts.pairs)
  for (const pair of pairs) {
    const status = await sendDecision(parts, pair)
    if (status !== 0) return status
  }
  if (missing > 0)
    parts.write(
      `Not sent: ${missing === 1 ? 'a decision on 1 pair that is' : `decisions on ${missing} pairs that are`} not in this queue. A greater --sample or --most may find them; else they are no longer in the band.\n`,
    )
  return 0
}

/** @returns undefined where others have decided meanwhile */
async function take(parts: SessionParts, pair: ReviewPair, judgement: Judgement): Promise<number | undefined> {
  const standing = judge(parts, pair, judgement)
  if (!standing) return undefined
  if (judgement === 'unsure') parts.write('in doubt: decides nothing\n')
  else if (standing.state === 'decided') {
    parts.write(`${judgement}: is sent\n`)
    return sendDecision(parts, pair)
  } else
    parts.write(
      `${judgement}: ${standing.state === 'disputed' ? 'the two reviewers differ, a third decides' : 'waits for a second reviewer'}\n`,
    )
  return 0
}
