/**
 * The reviews of the console: keeps the lists that the linker made, takes verdicts the one way that `chainon link review` takes them (core/linkage/review/verdicts.ts), and sends what they
 * decide one after another, so that a reviewer does not wait for it.
 */
import { randomBytes } from 'node:crypto'
import type { Decision } from '#core/contract/link-decision.ts'
import type { Journal } from '#core/journal/journal.ts'
import { statistics } from '#core/linkage/review/agreement.ts'
import type { ReviewLog } from '#core/linkage/review/review-log.ts'
import type { ReviewPair, ReviewQueue } from '#core/linkage/review/review-queue.ts'
import { type Judgement, type Mode, standings } from '#core/linkage/review/standing.ts'
import {
  askedOf,
  currentStanding,
  judge,
  type Reviewing,
  sendDecision,
  takeBack,
  unsent,
} from '#core/linkage/review/verdicts.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { LinkServices } from './link-services.ts'
import type { ListName, ReviewView, VerdictBody, VerdictResult } from './view.ts'

export interface DeskOptions {
  readonly links: LinkServices
  readonly log: ReviewLog
  /** Who must say the same: 1 or 2. */
  readonly reviewers: number
  readonly journal: Pick<Journal, 'note'>
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface Desk {
  /** @param fresh the linker makes the list again */
  view(user: string, list: ListName, fresh: boolean): ReviewView
  /** @returns undefined when the pair is not in the list */
  take(user: string, verdict: VerdictBody): Promise<VerdictResult | undefined>
  /** Waits for the decision that is being sent; the others are sent after the next start. */
  stop(): Promise<void>
}

/** Links of a clerical sample: with no false one among them, fewer than 2 % are false. */
const CLERICAL_LINKS = 200
const RETRY_MS = 30_000
/** Pairs that a page is sent at a time. */
const PAGE = 50

interface List {
  queue: ReviewQueue | undefined
  making: boolean
  problem: string | null
  madeAt: number | undefined
}

export function reviewDesk({ links, log, reviewers, journal, logger, now }: DeskOptions): Desk {
  const lists = { queue: emptyList(), clerical: emptyList() }
  let sending: Promise<unknown> = Promise.resolve()
  let sendProblem: string | null = null
  let stopped = false
  let retryAt = 0

  const nameOf = (list: ListName) => (list === 'clerical' ? list : 'queue')

  function make(name: keyof typeof lists): void {
    const list = lists[name]
    if (list.making) return
    list.making = true
    void links
      .review(name === 'clerical' ? { clerical: CLERICAL_LINKS } : {})
      .then((made) => {
        if (made.kind !== 'answer') {
          list.problem = made.detail
          return
        }
        Object.assign(list, { queue: made.value, problem: null, madeAt: now() })
        retryAt = 0
      })
      .finally(() => {
        list.making = false
      })
  }

  function reviewing(user: string, list: ListName): Reviewing {
    return {
      ...{ log, reviewer: user, mode: modeOf(list), account: `console:${user}`, now, drawn: list === 'clerical' },
      async decide(decision: Decision, records, reason, by) {
        const id = randomBytes(8).toString('hex')
        const sent = await links.decide({ id, decision, records: [...records], reason, by })
        sendProblem = sent.kind === 'answer' ? null : sent.detail
        if (sent.kind !== 'answer') {
          logger.warn({ event: 'decision-not-sent' }, sent.detail)
          return 1
        }
        const facts = { decision, reason }
        journal.note({
          actor: `console:${user}`,
          action: 'link-decide',
          object: `decision:${id}`,
          outcome: 'done',
          facts,
        })
        return 0
      },
    }
  }

  function modeOf(list: ListName): Mode {
    return list === 'disputes' ? 'third' : reviewers === 2 ? 'second' : 'alone'
  }

  /** One after another: of two decisions about one pair the later one counts. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = sending.then(work)
    sending = next.catch((error: unknown) => {
      sendProblem = 'the log of verdicts cannot be written'
      logger.error({ event: 'decision-not-sent', err: safeError(error) })
    })
    return next
  }

  function send(user: string, list: ListName, pair: ReviewPair): void {
    // It may have been sent, or taken back, while it waited.
    void inTurn(async () => {
      const { state, sent } = currentStanding(log, pair.pair)
      if (!stopped && state === 'decided' && !sent) await sendDecision(reviewing(user, list), pair)
    }).catch(() => undefined)
  }

  /** What was decided and could not be sent, or was left by a process that ended. */
  function resend(user: string, list: ListName, pairs: readonly ReviewPair[]): void {
    if (now() < retryAt) return
    retryAt = now() + RETRY_MS
    for (const pair of unsent(log, pairs).pairs) send(user, list, pair)
  }

  function view(user: string, list: ListName, fresh: boolean): ReviewView {
    const of = lists[nameOf(list)]
    if (fresh || (!of.queue && of.problem === null)) make(nameOf(list))
    const all = of.queue?.pairs ?? []
    resend(user, list, all)
    const known = standings(log.read())
    const asked = askedOf(all, known, user, modeOf(list))
    const done = all.filter(({ pair }) => known.get(pair)?.verdicts.some(({ reviewer }) => reviewer === user)).length
    const { pairs: states, all: agreed, unsure } = statistics(known.values())
    const { model = '', compared = 0, known: records = 0, in_band = 0 } = of.queue ?? {}
    return {
      ...{ list, reviewer: user, reviewers, model, compared, known: records, in_band, done, left: asked.length },
      state: of.making ? 'making' : of.queue ? 'ready' : 'failed',
      problem: of.problem ?? sendProblem,
      made_at: of.madeAt === undefined ? null : new Date(of.madeAt).toISOString(),
      gain_left: Math.round(100 * asked.reduce((sum, { gain }) => sum + gain, 0)) / 100,
      unsent: [...known.values()].filter(({ state, sent }) => state === 'decided' && !sent).length,
      pairs: asked.slice(0, PAGE).map((pair) => ({ ...pair })) as ReviewView['pairs'],
      agreement: {
        ...{ pairs: agreed.pairs, percent: agreed.percent, kappa: agreed.kappa, unsure },
        ...{ decided: states.decided, waiting: states['waits-for-second'], disputed: states.disputed },
      },
    }
  }

  async function take(user: string, { list, pair: name, verdict }: VerdictBody): Promise<VerdictResult | undefined> {
    const pair = lists[nameOf(list)].queue?.pairs.find((one) => one.pair === name)
    if (!pair) return undefined
    if (verdict === 'back') return back(user, list, pair)
    const standing = judge(reviewing(user, list), pair, verdict satisfies Judgement)
    if (!standing) return { result: 'others', text: 'Decided by others meanwhile.' }
    if (verdict === 'unsure') return { result: 'taken', text: 'In doubt: it decides nothing.' }
    if (standing.state === 'decided') {
      send(user, list, pair)
      return { result: 'sending', text: verdict === 'accept' ? 'Same person: is sent.' : 'Different: is sent.' }
    }
    const text =
      standing.state === 'disputed' ? 'The two reviewers differ: a third decides.' : 'Waits for a second reviewer.'
    return { result: 'taken', text }
  }

  async function back(user: string, list: ListName, pair: ReviewPair): Promise<VerdictResult> {
    const status = await inTurn(async () => {
      const own = currentStanding(log, pair.pair).verdicts.some(({ reviewer }) => reviewer === user)
      return own ? takeBack(reviewing(user, list), pair) : 0
    })
    return status === 0
      ? { result: 'back', text: 'Taken back.' }
      : { result: 'not-back', text: `Not taken back: ${sendProblem ?? 'it cannot be withdrawn now'}.` }
  }

  return {
    view,
    take,
    async stop() {
      stopped = true
      await sending
    },
  }
}

function emptyList(): List {
  return { queue: undefined, making: false, problem: null, madeAt: undefined }
}
