/** What is written anew, and the comparison of it with what was there: pseudonyms are compared as they were made, and tokens opened. */
import type { KafkaMessage } from 'kafkajs'
import { type PseudonymWrap, wrapVersionOf } from '#core/crypto/pseudonym-wrap.ts'
import { rewrittenOf } from '#core/kafka/headers.ts'
import type { TokenPlace } from '#core/sealing/tokens.ts'
import { type Change, type LogForm, messageSum } from './log-form.ts'
import type { TokenChange } from './token-change.ts'

/** A partition of which the messages before `end` are to be replaced. */
export interface Part {
  readonly partition: number
  readonly low: bigint
  readonly end: bigint
  /** The last message of before that was written anew; -1 when none was. */
  readonly after: bigint
  /** `low` is the first message that the partition ever had. */
  readonly whole: boolean
  /** When the last message was written, milliseconds since 1970. */
  readonly youngest: number
}

/** Of messages. */
export interface Counts {
  messages: number
  tokens: number
  closed: number
}

export function addCounts(to: Counts, { messages, tokens, closed }: Counts): void {
  to.messages += messages
  to.tokens += tokens
  to.closed += closed
}

/** @returns pseudonyms and tokens under the keys in force */
export function changeUnder(wrap: PseudonymWrap, tokens: Pick<TokenChange, 'again'>): Change {
  return {
    pseudonym(stored) {
      const pseudonym = wrap.unwrap(stored)
      return pseudonym === undefined ? stored : wrap.wrap(pseudonym)
    },
    tokens: (sealed, place) => tokens.again(sealed, placeAsMade(wrap, place)),
  }
}

/** Tokens are bound to the pseudonym as it was made. */
function placeAsMade({ unwrap }: Pick<PseudonymWrap, 'unwrap'>, { feed, recordId }: TokenPlace): TokenPlace {
  return { feed, recordId: unwrap(recordId) ?? recordId }
}

/** Of one partition. @param tokens with the data keys of the messages */
export function comparison(form: LogForm, wrap: PseudonymWrap, tokens: Pick<TokenChange, 'opened' | 'state'>) {
  const [before, after] = [messageSum(), messageSum()]
  const repeats = form.repeats()
  const counts: Counts = { messages: 0, tokens: 0, closed: 0 }
  let [copies, last] = [0, -1n]
  let right = true
  const plain: Change = {
    pseudonym: (stored) => wrap.unwrap(stored) ?? stored,
    tokens: (sealed, place) => tokens.opened(sealed, placeAsMade(wrap, place)),
  }
  const looking: Change = {
    pseudonym(stored) {
      // One that no key has wrapped stays as it is: a stranger has written it.
      if (wrapVersionOf(stored) !== wrap.version && wrap.unwrap(stored) !== undefined) right = false
      return stored
    },
    tokens(sealed, place) {
      const state = tokens.state(sealed, placeAsMade(wrap, place))
      if (state === 'former') right = false
      counts[state === 'closed' ? 'closed' : 'tokens']++
      return sealed
    },
  }
  return {
    add(part: Part, message: KafkaMessage): void {
      const content = () => form.mapped(message, plain)
      if (BigInt(message.offset) < part.end) {
        if (repeats(message)) return
        counts.messages++
        before.add(content(), message.headers)
        return
      }
      const own = rewrittenOf(message.headers)
      if (own?.version !== wrap.version || own.end !== part.end || own.source <= last) right = false
      last = own?.source ?? last
      copies++
      form.mapped(message, looking)
      after.add(content(), message.headers)
    },
    /** @returns how many messages have another in their place; undefined when the two sides differ */
    result: (): Counts | undefined =>
      right && counts.messages === copies && before.sum() === after.sum() ? counts : undefined,
  }
}
