/** Asks the linker and `curate`, which have the keys, to run commands of theirs (core/http/command-door.ts); the console has none of their keys or logins. */
import type { TSchema } from 'typebox'
import { type DoorResult, signed } from '#core/http/command-door.ts'
import {
  DECIDE_PATH,
  type DecideBody,
  EXPLAIN_PATH,
  HISTORY_PATH,
  type PersonHistory,
  PersonHistorySchema,
  REVIEW_PATH,
  type ReviewBody,
} from '#core/linkage/review/commands.ts'
import { type ReviewQueue, ReviewQueueSchema } from '#core/linkage/review/review-queue.ts'
import { type ExplainedPair, ExplainedPairSchema } from '#core/linkage/shown-explanation.ts'
import { type ExplainedPerson, ExplainedPersonSchema } from '#core/linkage/shown-person.ts'
import { complete } from '#core/schema/complete.ts'
import type { Written } from '#core/schema/written.ts'

export type Asked<T> = { readonly kind: 'answer'; readonly value: T } | Exclude<DoorResult, { kind: 'answer' }>

export interface LinkServices {
  review(body: ReviewBody): Promise<Asked<ReviewQueue>>
  pair(records: readonly [string, string]): Promise<Asked<ExplainedPair>>
  person(record: string): Promise<Asked<ExplainedPerson>>
  history(record: string): Promise<Asked<PersonHistory>>
  decide(body: DecideBody): Promise<DoorResult>
}

/** A queue of a large index takes minutes. */
const TIMEOUT_MS = 310_000

/** @param linker, curate URLs @param now milliseconds since 1970 */
export function linkServices({
  linker,
  curate,
  secret,
  now,
}: {
  readonly linker: string
  readonly curate: string
  readonly secret: Buffer
  readonly now: () => number
}): LinkServices {
  async function ask(name: string, url: string, path: string, given: object): Promise<DoorResult> {
    const body = JSON.stringify(given)
    const headers = {
      authorization: signed(secret, Math.floor(now() / 1000), path, body),
      'content-type': 'application/json',
    }
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body, signal, redirect: 'error' })
      const text = await answer.text()
      if (answer.ok) return { kind: 'answer', text }
      const kind = answer.status === 422 ? 'refused' : 'failed'
      return { kind, detail: detailOf(text) ?? `${name} answered with status ${answer.status}` }
    } catch {
      return { kind: 'failed', detail: `${name} does not answer` }
    }
  }

  async function read<S extends TSchema>(schema: S, result: Promise<DoorResult>): Promise<Asked<Written<S>>> {
    const given = await result
    if (given.kind !== 'answer') return given
    const value = complete(schema, parsed(given.text))
    return value === undefined
      ? { kind: 'failed', detail: 'the answer has not its form: the services are of different versions' }
      : { kind: 'answer', value }
  }

  const explain = (records: readonly string[]) => ask('the linker', linker, EXPLAIN_PATH, { records })
  return {
    review: (body) => read(ReviewQueueSchema, ask('the linker', linker, REVIEW_PATH, body)),
    pair: (records) => read(ExplainedPairSchema, explain(records)),
    person: (record) => read(ExplainedPersonSchema, explain([record])),
    history: (record) => read(PersonHistorySchema, ask('curate', curate, HISTORY_PATH, { record })),
    decide: (body) => ask('curate', curate, DECIDE_PATH, body),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function detailOf(text: string): string | undefined {
  const { detail } = (parsed(text) ?? {}) as { readonly detail?: unknown }
  return typeof detail === 'string' ? detail.slice(0, 500) : undefined
}
