/**
 * Checks the API key, token or client certificate of a request. A failure is counted, logged without what was sent, and answered more and more slowly.
 */
import type { FastifyRequest } from 'fastify'
import { ChainonError } from '#core/faults/errors.ts'
import { delayMs, failureCounts, isTold, senderOf } from '#core/http/failed-logins.ts'
import type { Hourly } from '#core/journal/hourly.ts'
import type { Journal } from '#core/journal/journal.ts'
import { allows, READ_OWN } from '#core/keys/scopes.ts'
import type { KeyAccess, KeyStore, Login } from '#core/keys/store.ts'
import type { KeyUse } from '#core/keys/use.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { ProblemError } from '../problem.ts'
import type { Tokens } from '../tokens/tokens.ts'
import { certificateOf, credentialOf } from './credentials.ts'
import { DETAILS, PROBLEMS, type Reason } from './login-failures.ts'

export interface Logins {
  /**
   * @param needed scope that the request needs; none where any key will do
   * @returns what the key or token in `Authorization: Bearer`, the key in `X-API-Key`, or the client certificate gives access to
   * @throws ProblemError missing-key, wrong-key, wrong-token, expired-key, revoked-key, key-scope, too-many-failed-logins, dependency-unavailable
   */
  login(request: FastifyRequest, needed?: string): Promise<KeyAccess>
  /** Counts a use of the key for it, too: call it once in a request. @throws ProblemError key-scope */
  require(access: KeyAccess, needed: string): void
  /** Counts, logs and journals the failed login of a connection that is no request. @param address of the sender */
  refused(address: string, reason: Reason, keyId?: string): void
}

export interface LoginDependencies {
  readonly keys: KeyStore
  /** Undefined: no token is accepted. */
  readonly tokens: Tokens | undefined
  readonly keyUse: Pick<KeyUse, 'used'>
  readonly journal: Pick<Journal, 'note'>
  /** Uses of keys by producer, feed and hour. */
  readonly uses: Hourly
  readonly metrics: Metrics
  readonly logger: Logger
  readonly pause: (ms: number) => Promise<void>
  readonly limits: { readonly maxSlowedLogins: number }
}

/** Failures of a minute that have an entry in the journal for each sender or key; beyond it their sum has. */
const MAX_JOURNALLED = 200
const ALL = 'all'

export function createLogins(dependencies: LoginDependencies): Logins {
  const { keys, tokens, keyUse, journal, uses, metrics, logger, pause, limits } = dependencies
  const failed = metrics.counter(
    'chainon_gateway_failed_logins',
    'Requests without a valid API key, token or certificate, by reason',
  )
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

  function noteOf(address: string, reason: Reason, keyId?: string): number {
    const sender = senderOf(address)
    const known = keyId === undefined ? {} : { key_id: keyId }
    return note(reason, [sender, ...Object.values(known)], { sender, ...known })
  }

  async function fail(request: FastifyRequest, reason: Reason, keyId?: string): Promise<never> {
    const delay = delayMs(noteOf(request.ip, reason, keyId))
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
    throw new ProblemError('key-scope', `The API key or token does not have the scope ${needed}.`)
  }

  async function check(request: FastifyRequest): Promise<Login<Reason>> {
    const credential = credentialOf(request)
    switch (credential.kind) {
      case 'none':
        return { kind: 'failed', reason: 'missing' }
      case 'ambiguous':
        return { kind: 'failed', reason: 'ambiguous' }
      case 'key':
        return keys.login(credential.text)
      case 'token':
        return tokens
          ? await tokens.login(credential.text, thumbprintOf(request)).catch(unavailable)
          : { kind: 'failed', reason: 'malformed' }
      case 'certificate':
        return credential.certificate.trusted
          ? keys.loginCertificate(credential.certificate.sha256)
          : { kind: 'failed', reason: 'untrusted-certificate' }
    }
  }

  return {
    require,
    refused: (address, reason, keyId) => void noteOf(address, reason, keyId),
    async login(request, needed) {
      const login = await check(request)
      if (login.kind === 'failed') return await fail(request, login.reason, login.keyId)
      if (needed !== undefined) require(login.access, needed)
      keyUse.used(login.access.keyId)
      return login.access
    },
  }
}

/** As a token names it (RFC 8705, 3.1). */
function thumbprintOf({ raw }: FastifyRequest): string | undefined {
  const certificate = certificateOf(raw.socket)
  return certificate?.trusted ? Buffer.from(certificate.sha256, 'hex').toString('base64url') : undefined
}

/** Nobody can say whether the token is right: its sender may try again, and has not failed. */
function unavailable(error: unknown): never {
  if (!(error instanceof ChainonError) || error.code !== 'dependency-unavailable') throw error
  throw new ProblemError('dependency-unavailable', 'The keys of the token issuer cannot be read; try again later.')
}
