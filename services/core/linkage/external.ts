/**
 * What the steps of a one-off circuit (`chainon link external`) give to each other, as lines of JSON through pipes: encode (`deidentify`) -> match (linker) -> name (`curate`) -> keep (`extract`).
 * A ticket is random, and of one run: the step that knows what a subject's traits are does not know which person was found, and the other way round. Whatever ends early lacks the
 * last line, and is refused by the next step.
 */
import Type, { type TSchema } from 'typebox'
import { ChainonError } from '../faults/errors.ts'
import { closed } from '../schema/closed.ts'
import { complete } from '../schema/complete.ts'
import type { Written } from '../schema/written.ts'

const TICKET = '^[0-9a-f]{32}$'
const Ticket = Type.String({ pattern: TICKET })
/** The project's own number of a subject: nothing else fits, so that it is neither a name nor a text. */
export const SUBJECT = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'
/** Names a run, a correspondence and its key. */
export const CIRCUIT_ID = '^[0-9a-f]{16}$'

/** From `deidentify` to `extract`: which subject has which ticket. */
export const TicketedSubject = closed({ ticket: Ticket, subject: Type.String({ pattern: SUBJECT }) })
export type TicketedSubject = Written<typeof TicketedSubject>

/** From `deidentify` to the linker: base64. */
export const SealedSubject = closed({ ticket: Ticket, sealed: Type.String() })
export type SealedSubject = Written<typeof SealedSubject>

/** A patient at a producer that may be the subject. */
const candidates = (pattern: string) =>
  closed({
    ticket: Ticket,
    candidates: Type.Array(
      closed({
        patient: Type.String({ pattern }),
        /** Log2 odds. */
        weight: Type.Number(),
        /** Equal national numbers. */
        number: Type.Boolean(),
      }),
    ),
  })

/** From the linker to `curate`: first-level pseudonyms. */
export const MatchedSubject = candidates('^p1_[\\w-]{43}$')
export type MatchedSubject = Written<typeof MatchedSubject>
/** From `curate` to `extract`: second-level pseudonyms. */
export const NamedSubject = candidates('^p2_[\\w-]{43}(?:_k\\d+)?$')
export type NamedSubject = Written<typeof NamedSubject>

/** The last line: how many lines came before it, and what is said of all of them. */
const Last = closed({
  end: Type.Integer({ minimum: 0 }),
  facts: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
})
export type Facts = Written<typeof Last>['facts']

/** The name that seals the encodings of a run, in the place of a topic. @param run CIRCUIT_ID */
export const sealedPlace = (namespace: string, run: string): string => `${namespace}external.${run}`

/** @returns the text of all lines, with the last one */
export function linesOfStep(lines: readonly object[], facts: Facts): string {
  return [...lines, { end: lines.length, facts }].map((line) => `${JSON.stringify(line)}\n`).join('')
}

/**
 * @param chunks what a step before wrote
 * @throws ChainonError bug when a line has not its form; dependency-unavailable when the last one is missing: the step before was ended, and has said why
 */
export async function readStep<S extends TSchema>(
  chunks: AsyncIterable<Buffer | string>,
  schema: S,
): Promise<{ readonly lines: readonly Written<S>[]; readonly facts: Facts }> {
  let text = ''
  const lines: Written<S>[] = []
  let last: Written<typeof Last> | undefined
  for await (const chunk of chunks) {
    text += chunk.toString()
    const whole = text.split('\n')
    text = whole.pop() ?? ''
    for (const line of whole) {
      const value = parsed(line)
      const one = complete(schema, value)
      if (one !== undefined && last === undefined) lines.push(one)
      else if (last === undefined) last = complete(Last, value) ?? refuse()
      else refuse()
    }
  }
  if (last === undefined || text !== '' || last.end !== lines.length)
    throw new ChainonError('dependency-unavailable', 'the step before did not end well: nothing is linked')
  return { lines, facts: last.facts }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function refuse(): never {
  throw new ChainonError('bug', 'a line of the step before has not its form')
}
