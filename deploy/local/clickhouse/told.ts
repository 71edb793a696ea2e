/**
 * What the front tells of logins and statements, as events of the access journal: counts by user and hour, failed logins at once. It holds no
 * text of a statement. The front writes no journal itself: it runs as a user who may not, and tells its supervisor (../clickhouse-journal.ts).
 */
import { Socket } from 'node:net'
import { failureCounts, isTold } from '#core/http/failed-logins.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import type { LoginFailure } from './logins.ts'

/** Of a statement, without its values. */
export interface Shape {
  /** ClickHouse's `normalizedQueryHash` of it, 16 hexadecimal digits. */
  readonly fingerprint: string
  /** The tables of the warehouse that it names. */
  readonly tables: readonly string[]
}

/** `refused`: it lacks a right, or is closed to callers. */
export type Outcome = 'done' | 'failed' | 'refused'

export interface Told {
  loginFailed(failure: LoginFailure): void
  /** @param kind of the statement, its first word in lower case */
  ran(user: string, kind: string, outcome: Outcome, shape?: Shape): void
  /** Tells what is left. */
  stop(): Promise<void>
}

/** Users with statements of their own: programs send the same ones again and again, of which kinds are enough. */
export const PEOPLE: ReadonlySet<string> = new Set(['admin', 'auditor', 'operator', 'reader'])
/** Beyond it the statements of a user in an hour are counted by kind alone: it bounds the journal. */
const MAX_SHAPES = 200
/** A query names few; the form of the event has room for so many. */
export const MAX_TABLES = 16

/** @param write gives an event as one line of JSON */
export function tellFront(write: (line: string) => void, now: () => number = Date.now): Told {
  const note = (event: JournalEvent) => write(JSON.stringify(event))
  const failures = failureCounts(now)
  const counts = hourlyCounts({ note }, now)
  const shapes = new Map<string, { readonly hour: number; readonly known: Set<string> }>()
  const isWithin = (user: string, fingerprint: string): boolean => {
    const hour = Math.floor(now() / 3_600_000)
    const last = shapes.get(user)
    const { known } = last?.hour === hour ? last : { known: new Set<string>() }
    if (last?.hour !== hour) shapes.set(user, { hour, known })
    if (known.size >= MAX_SHAPES) return known.has(fingerprint)
    known.add(fingerprint)
    return true
  }
  return {
    loginFailed({ reason, user }) {
      const object = user === undefined ? 'clickhouse' : `clickhouse:${user}`
      const count = failures.add(`${object} ${reason}`)
      if (!isTold(count)) return
      note({ actor: 'unknown', action: 'login-failed', object, outcome: 'refused', facts: { reason, failures: count } })
    },
    ran(user, kind, outcome, shape) {
      const told = shape && isWithin(user, shape.fingerprint) ? shape : undefined
      counts.used(`${user} ${kind} ${outcome} ${told?.fingerprint ?? ''}`, (hour, requests) => ({
        actor: `clickhouse:${user}`,
        action: 'query',
        object: `clickhouse:${kind}`,
        outcome,
        facts: {
          hour,
          requests,
          ...(told ? { fingerprint: told.fingerprint, tables: [...told.tables] } : {}),
        },
      }))
    },
    stop: () => counts.stop(),
  }
}

/**
 * @param descriptor of a pipe to the supervisor
 * @returns writes a line; and the end, when all of it is with the system
 */
export function toSupervisor(descriptor: number): { write(line: string): void; end(): Promise<void> } {
  const pipe = new Socket({ fd: descriptor, readable: false, writable: true })
  // The supervisor has ended, and this process ends, too.
  pipe.on('error', () => undefined)
  pipe.unref()
  return {
    write: (line) => void pipe.write(`${line}\n`),
    end: () =>
      new Promise((resolve) => {
        pipe.once('close', () => resolve())
        pipe.end(() => resolve())
      }),
  }
}
