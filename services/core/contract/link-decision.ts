/**
 * Messages of `link.decisions`, kept for good, one partition: what an operator has decided about two records, whatever the model says of them. The later message of two records counts.
 * A record is named by its feed and its first-level pseudonym, as in `linked.<feed>`: no identity is in it.
 */
import Type from 'typebox'
import { Check } from 'typebox/schema'
import type { Written } from '../schema/written.ts'

/** `accept`: the two are one person. `never`: they are never one person. `withdraw`: the model decides again. */
export const DECISIONS = ['accept', 'never', 'withdraw'] as const
export type Decision = (typeof DECISIONS)[number]

const FEED = '[a-z][a-z0-9_]{0,63}'
/** Words joined by hyphens: no sentence, in which a name could stand. */
export const DECISION_REASON = '^[a-z][a-z0-9-]{1,63}$'
/** An account, for instance of the machine. */
export const DECIDED_BY = '^[A-Za-z0-9._@:-]{1,80}$'
/** `<feed>/<first-level pseudonym>`: as the linker names a record. */
export const LINKED_RECORD = `^${FEED}/p1_[A-Za-z0-9_-]{43}$`
/** The same, wrapped or not: as the log has it. */
const LOGGED_RECORD = `^${FEED}/p1_(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{54}_k[1-9][0-9]{0,4})$`
const Record = Type.String({ pattern: LOGGED_RECORD })

const LinkDecisionSchema = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    decision: Type.Enum([...DECISIONS]),
    /** `<feed>/<first-level pseudonym>`, wrapped under the version of its key that was in force; the two differ. */
    records: Type.Array(Record, { minItems: 2, maxItems: 2 }),
    by: Type.String({ pattern: DECIDED_BY }),
    reason: Type.String({ pattern: DECISION_REASON }),
    /** Microseconds since 1970. */
    decided_at: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
)
export type LinkDecision = Written<typeof LinkDecisionSchema>

export function decisionsTopic(namespace: string): string {
  return `${namespace}link.decisions`
}

/** @returns undefined when it is no decision */
export function readDecision(value: Buffer | null): LinkDecision | undefined {
  let given: unknown
  try {
    given = JSON.parse(String(value))
  } catch {
    return undefined
  }
  if (!Check(LinkDecisionSchema, given)) return undefined
  const decision = given as LinkDecision
  return decision.records[0] === decision.records[1] ? undefined : decision
}

/** @param record `<feed>/<pseudonym>` @returns the same record under what becomes of its pseudonym; undefined when that is undefined */
export function withPseudonym(record: string, become: (pseudonym: string) => string | undefined): string | undefined {
  const slash = record.indexOf('/') + 1
  const pseudonym = become(record.slice(slash))
  return pseudonym === undefined ? undefined : record.slice(0, slash) + pseudonym
}
