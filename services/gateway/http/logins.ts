/** Checks the API key of a request. A failure is counted, logged without the key, and answered more and more slowly. */
import type { FastifyRequest } from 'fastify'
import { delayMs, failureCounts, senderOf } from '#core/http/failed-logins.ts'
import { allows } from '#core/keys/scopes.ts'
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
  /** @throws ProblemError key-scope */
  require(access: KeyAccess, needed: string): void
}

export interface LoginDependencies {
  readonly keys: KeyStore
  readonly keyUse: KeyUse
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

const DETAILS: Partial<Record<Reason, string>> = {
  missing: 'Send the key as Authorization: Bearer, or as X-API-Key.',
}

export function createLogins({ keys, keyUse, metrics, logger, pause, limits }: LoginDependencies): Logins {
  const failed = metrics.counter('chainon_gateway_failed_logins', 'Requests without a valid API key, by reason')
  const counts = failureCounts(() => performance.now())
  let waiting = 0

  /** @returns the failures of the one of the names that has most of them within a minute */
  function note(reason: Reason | 'scope', names: readonly string[], facts: Record<string, string>): number {
    failed(1, { reason })
    const failures = Math.max(...names.map((name) => counts.add(name)))
    // At 1, 2, 4, 8: a flood must not fill the disk.
    if (Number.isInteger(Math.log2(failures))) logger.warn({ event: 'login-failed', reason, failures, ...facts })
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

  function require({ scopes, keyId }: KeyAccess, needed: string): void {
    if (allows(scopes, needed)) return
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
