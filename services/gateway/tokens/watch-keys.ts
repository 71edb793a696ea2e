/**
 * Keeps the keys of a token issuer: read again at intervals, and when a token names a key that is not among them, because an issuer may change its keys at
 * any time. Anyone can name such a key, so these readings have a distance from each other, and all who wait share one.
 */
import { ChainonError } from '#core/faults/errors.ts'
import type { Algorithm, KeySet } from './key-set.ts'
import { keyOf } from './key-set.ts'

export interface IssuerKeys {
  /**
   * @returns the key; undefined when the issuer has none of that name for that algorithm
   * @throws ChainonError dependency-unavailable when the keys were not read for too long
   */
  find(kid: string, algorithm: Algorithm): Promise<KeySet[number] | undefined>
  stop(): void
}

export interface KeyWatchDependencies {
  /** @throws when the keys cannot be read */
  readonly read: () => Promise<KeySet>
  readonly everyMs: number
  /** Shortest time from one reading to one that a token causes. */
  readonly distanceMs: number
  /** For so long keys are used that cannot be read again. */
  readonly staleMs: number
  /** Called after each reading that fails, and after each that does not. */
  readonly onFailure: (error: unknown) => void
  readonly onRead: () => void
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/** @returns when the keys are read for the first time, or cannot be read */
export async function watchIssuerKeys(dependencies: KeyWatchDependencies): Promise<IssuerKeys> {
  const { read, everyMs, distanceMs, staleMs, onFailure, onRead, now } = dependencies
  let known: { readonly keys: KeySet; readonly at: number } | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function readOnce(): Promise<void> {
    triedAt = now()
    try {
      known = { keys: await read(), at: now() }
      onRead()
    } catch (error) {
      onFailure(error)
    }
  }

  function refresh(): Promise<void> {
    reading ??= readOnce().finally(() => {
      reading = undefined
    })
    return reading
  }

  await refresh()
  const timer = setInterval(() => void refresh(), everyMs).unref()
  return {
    async find(kid, algorithm) {
      const found = known && keyOf(known.keys, kid, algorithm)
      if (!found && (reading || now() - triedAt >= distanceMs)) await refresh()
      if (!known || now() - known.at > staleMs)
        throw new ChainonError('dependency-unavailable', 'the keys of the token issuer cannot be read')
      return keyOf(known.keys, kid, algorithm)
    },
    stop: () => clearInterval(timer),
  }
}
