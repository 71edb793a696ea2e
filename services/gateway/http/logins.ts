/** Checks the API key of a request. A failure is counted, logged without the key, and answered more and more slowly. */
import type { FastifyRequest } from 'fastify'
import { delayMs, failureCounts, isTold, senderOf } from '#core/http/failed-logins.ts'
import type { Hourly } from '#core/journal/hourly.ts'
import type { Journal } from '#core/journal/journal.ts'
import { allows, READ_OWN } from '#core/keys/scopes.ts'
import type { KeyAccess, KeyStore, LoginFailure } from '#core/keys/store.ts'
import type { KeyUse } from '#core/keys/use.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { ProblemError } from '../problem.ts'

export interface Logins {
  /**
   * @param needed scope that the request needs; none where any key will do
   * @returns what the key in `Authorization: Bearer` or `X-API-Key` gives access to
   * @throws ProblemError missing-key, wrong-key, expired-key, revoked-key, key-scope, too-many-failed-logins
   */
  login(request: FastifyRequest, needed?: string): Promise<KeyAccess>
  /** Counts a use of the key for it, too: call it once in a request. @throws ProblemError key-scope */
  require(access: KeyAccess, needed: string): void
}

export interface LoginDependencies {
  readonly keys: KeyStore
  readonly keyUse: Pick<KeyUse, 'used'>
  readonly journal: Pick<Journal, 'note'>
  /** Uses of keys by producer, feed and hour. */
  readonly uses: Hourly
  readonly metrics: Metrics
  readonly logger: Logger
  readonly pause: (ms: number) => Promise<void>
  readonly limits: { readonly maxSlowedLogins: number }
}

type Reason = LoginFailure | 'missing'

/** Only who has the secret learns more than that the key is wrong. */
const PROBLEMS = {
  missing: 'missing-key',
  malformed: 'wrong-key',
  unknown: 'wrong-key',
  'wrong-secret': 'wrong-key',
  expired: 'expired-key',
  revoked: 'revoked-key',
} as const satisfies Record<Reason, string>

/** Failures of a minute that have an entry in the journal for each sender or key; beyond it their sum has. */
const MAX_JOURNALLED = 200
const ALL = 'all'

const DETAILS: Partial<Record<Reason, string>> = {
  missing: 'Send the key as Authorization: Bearer, or as X-API-Key.',
}

export function createLogins(dependencies: LoginDependencies): Logins {
  const { keys, keyUse, journal, uses, metrics, logger, pause, limits } = dependencies
  const failed = metrics.counter('chainon_gateway_failed_logins', 'Requests without a valid API key, by reason')
  const counts = failureCounts(() => performance.now())
  let waiting = 0

  /** @returns the failures of the one of the names that has most of them within a minute */
  function note(reason: Reason | 'scope', names: readonly string[], facts: Record<string, string>): number {
    failed(1, { reason })
    const each = names.map((name) => counts.add(name))
    const failures = Math.max(...each)
    const all = counts.add(ALL)
    const { key_id: keyId, sender } = facts
    // Of the key where it is known: attempts with it stand out among others of the sender.
    if ((isTold(each.at(-1) ?? 0) && all <= MAX_JOURNALLED) || (all > MAX_JOURNALLED && isTold(all))) {
      journal.note({
        actor: keyId === undefined ? 'unknown' : `key:${keyId}`,
        action: 'login-failed',
        object: 'gateway',
        outcome: 'refused',
        facts: { reason, failures, ...(sender === undefined ? {} : { sender }) },
      })
    }
    if (isTold(failures)) logger.warn({ event: 'login-failed', reason, failures, ...facts })
    return failures
  }

  async function fail(request: FastifyRequest, reason: Reason, keyId?: string): Promise<never> {
    const sender = senderOf(request.ip)
    const known = keyId === undefined ? {} : { key_id: keyId }
    const delay = delayMs(note(reason, [sender, ...Object.values(known)], { sender, ...known }))
    if (delay > 0) {
      if (waiting >= limits.maxSlowedLogins) throw new ProblemError('too-many-failed-logins')
      waiting++
      await pause(delay).finally(() => waiting--)
    }
    throw new ProblemError(PROBLEMS[reason], DETAILS[reason])
  }

  function require({ scopes, keyId, producer }: KeyAccess, needed: string): void {
    if (allows(scopes, needed)) {
      const object = needed === READ_OWN ? 'own-key' : needed.replace('write:', 'feed:')
      uses.used(`${keyId} ${object}`, (hour, requests) => ({
        actor: `key:${keyId}`,
        action: 'key-use',
        object,
        outcome: 'done',
        facts: { producer, hour, requests },
      }))
      return
    }
    note('scope', [keyId], { scope: needed, key_id: keyId })
    throw new ProblemError('key-scope', `The API key does not have the scope ${needed}.`)
  }

  return {
    require,
    async login(request, needed) {
      const presented = presentedKey(request)
      if (presented === undefined) return await fail(request, 'missing')
      const login = keys.login(presented)
      if (login.kind === 'failed') return await fail(request, login.reason, login.keyId)
      if (needed !== undefined) require(login.access, needed)
      keyUse.used(login.access.keyId)
      return login.access
    },
  }
}

function presentedKey({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const header = headers['x-api-key']
  return typeof header === 'string' && header !== '' ? header.trim() : undefined
}
