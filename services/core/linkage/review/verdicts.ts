/** The one way of a verdict, from the command line and from the console: it is kept, and sent as a decision once enough reviewers have given it. */
import type { Decision } from '../../contract/link-decision.ts'
import type { ReviewLog } from './review-log.ts'
import { patternOf, type ReviewPair } from './review-queue.ts'
import { type Entry, isAsked, type Judgement, type Mode, type Standing, standingOf, standings } from './standing.ts'

export interface Reviewing {
  readonly log: ReviewLog
  readonly reviewer: string
  readonly mode: Mode
  readonly account: string
  readonly now: () => number
  /** The pairs are of a clerical sample. */
  readonly drawn: boolean
  /** @returns 0, or the exit status of the failure */
  readonly decide: (decision: Decision, records: readonly string[], reason: string, by: string) => Promise<number>
}

const REASONS: Readonly<Record<Mode, string>> = {
  alone: 'review-alone',
  second: 'review-two-agree',
  third: 'review-third',
}

export function askedOf(
  pairs: readonly ReviewPair[],
  known: ReadonlyMap<string, Standing>,
  reviewer: string,
  mode: Mode,
): readonly ReviewPair[] {
  return pairs.filter(({ pair }) => isAsked(known.get(pair) ?? standingOf([]), reviewer, mode))
}

export function currentStanding(log: ReviewLog, pair: string): Standing {
  return standingOf(log.read().filter((one) => one.pair === pair))
}

/** Keeps a verdict; where that decides, `sendDecision` is next. @returns undefined where others have decided meanwhile */
export function judge(of: Reviewing, pair: ReviewPair, judgement: Judgement): Standing | undefined {
  // Others add to the log while this one is asked.
  if (!isAsked(currentStanding(of.log, pair.pair), of.reviewer, of.mode)) return undefined
  note(of, pair, judgement)
  return currentStanding(of.log, pair.pair)
}

/** @returns 0, or the status of the failure: the verdict stays, and is sent the next time */
export async function sendDecision(of: Reviewing, pair: ReviewPair): Promise<number> {
  const { decision, by, verdicts } = currentStanding(of.log, pair.pair)
  if (!decision) return 0
  const mode = verdicts.find(({ reviewer }) => reviewer === by[0])?.mode ?? of.mode
  const status = await of.decide(decision, pair.explained.records, REASONS[mode], by.join(':'))
  if (status === 0) note(of, pair, 'sent')
  return status
}

/** Killed between the two, the model decides again: rather than that a decision stays which was taken back. */
export async function takeBack(of: Reviewing, pair: ReviewPair): Promise<number> {
  const { sent } = currentStanding(of.log, pair.pair)
  const status = sent ? await of.decide('withdraw', pair.explained.records, 'review-undone', of.reviewer) : 0
  if (status === 0) note(of, pair, 'undo')
  return status
}

/** What reviewers agreed on and a kill or a failure kept from being sent: pairs that are here, and how many are not. */
export function unsent(log: ReviewLog, pairs: readonly ReviewPair[]) {
  const due = [...standings(log.read())].filter(([, { state, sent }]) => state === 'decided' && !sent)
  const byName = new Map(pairs.map((pair) => [pair.pair, pair]))
  const found = due.flatMap(([name]) => byName.get(name) ?? [])
  return { pairs: found, missing: due.length - found.length }
}

function note(of: Reviewing, pair: ReviewPair, entry: Entry['entry']): void {
  const { log, reviewer, mode, account, now, drawn } = of
  const line = { pair: pair.pair, entry, reviewer, mode, pattern: patternOf(pair), at: now(), account }
  log.add(drawn ? { ...line, drawn } : line)
}
