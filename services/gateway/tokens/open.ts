/** Opens the tokens' part of the gateway: reads the keys of the issuer, and raises the alarm while they cannot be read. */
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { KeyStore } from '#core/keys/store.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { TokenSettings } from './settings.ts'
import { createTokens, type Tokens } from './tokens.ts'
import { watchIssuerKeys } from './watch-keys.ts'

/** A token with an unknown key makes the gateway read the keys this often at most. */
const DISTANCE_MS = 30_000

export interface OpenTokens {
  readonly tokens: Tokens | undefined
  stop(): void
}

/**
 * An issuer that is away does not keep the gateway from starting: API keys need it not.
 *
 * @param settings undefined: no token is accepted
 * @throws ConfigurationError when the keys are a file that cannot be read
 */
export async function openTokens(
  settings: TokenSettings | undefined,
  keyStore: Pick<KeyStore, 'isRevoked'>,
  alarms: Alarms,
  logger: Logger,
): Promise<OpenTokens> {
  if (!settings) return { tokens: undefined, stop: () => undefined }
  const { rules, source } = settings
  /** What is wrong with the last reading. */
  let wrong: string | undefined
  const keys = await watchIssuerKeys({
    ...source,
    distanceMs: DISTANCE_MS,
    onFailure(error) {
      if (wrong === undefined) logger.warn({ event: 'token-keys-unreadable', err: safeError(error) })
      wrong = error instanceof ChainonError ? error.message : errorCode(error)
      alarms.raise({
        id: 'gateway-token-keys',
        code: 'token-keys',
        message: `The keys of the token issuer cannot be read: those read before are used for ${source.staleMs / 1000} s, then tokens are answered 503`,
      })
    },
    onRead() {
      if (wrong !== undefined) logger.info({ event: 'token-keys-read' })
      wrong = undefined
      alarms.clear('gateway-token-keys')
    },
    now: () => performance.now(),
  })
  if (wrong !== undefined && source.isFile) {
    keys.stop()
    throw new ConfigurationError('gateway cannot start, its tokens are wrong', [`CHAINON_JWT_JWKS: ${wrong}`])
  }
  return { tokens: createTokens(rules, keys, keyStore, Date.now), stop: () => keys.stop() }
}
