/** Settings of the tokens that the gateway accepts: none, or issuer, audience and keys together. */
import { readFileSync } from 'node:fs'
import type { Config } from '#core/config/read.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { provedUrl } from '#core/http/small-request.ts'
import type { KeySet } from './key-set.ts'
import { keysOfFile, keysOfUrl } from './read-keys.ts'
import type { TokenRules } from './tokens.ts'

export const TOKEN_KEYS = [
  'CHAINON_JWT_ISSUER',
  'CHAINON_JWT_AUDIENCE',
  'CHAINON_JWT_JWKS',
  'CHAINON_JWT_JWKS_CA_FILE',
  'CHAINON_JWT_PRODUCER_CLAIM',
  'CHAINON_JWT_MAX_SECONDS',
  'CHAINON_JWT_CLOCK_SECONDS',
  'CHAINON_JWT_STALE_SECONDS',
] as const

type TokenConfig = Config<(typeof TOKEN_KEYS)[number]>

/** A key that an issuer has withdrawn verifies tokens for so long. */
const URL_EVERY_MS = 300_000
const FILE_EVERY_MS = 1_000

export interface TokenSettings {
  readonly rules: TokenRules
  readonly source: {
    readonly read: () => Promise<KeySet>
    readonly everyMs: number
    readonly staleMs: number
    /** A file is the operator's: a wrong one ends the start. */
    readonly isFile: boolean
  }
}

/**
 * @returns undefined when no token is accepted
 * @throws ConfigurationError when something is missing, or the authority's certificate cannot be read
 */
export function tokenSettings(config: TokenConfig): TokenSettings | undefined {
  const { CHAINON_JWT_ISSUER: issuer, CHAINON_JWT_AUDIENCE: audience, CHAINON_JWT_JWKS: place } = config
  const { CHAINON_JWT_JWKS_CA_FILE: caFile } = config
  const given = [issuer, audience, place].filter((one) => one !== '').length
  if (given === 0 && caFile === '') return undefined
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(place)
  const url = isUrl ? provedUrl(place) : undefined
  const problems: string[] = []
  if (given < 3) problems.push('CHAINON_JWT_ISSUER, CHAINON_JWT_AUDIENCE and CHAINON_JWT_JWKS belong together')
  if (isUrl && url === undefined)
    problems.push('CHAINON_JWT_JWKS must be a file, an https URL, or an http URL of this machine, without a password')
  if (caFile !== '' && url?.protocol !== 'https:')
    problems.push('CHAINON_JWT_JWKS_CA_FILE is for an https URL in CHAINON_JWT_JWKS')
  if (problems.length > 0) throw new ConfigurationError('gateway cannot start, its tokens are wrong', problems)
  const ca = caFile === '' ? undefined : readCa(caFile)
  return {
    rules: {
      issuer,
      audience,
      producerClaim: config.CHAINON_JWT_PRODUCER_CLAIM,
      maxSeconds: config.CHAINON_JWT_MAX_SECONDS,
      clockSeconds: config.CHAINON_JWT_CLOCK_SECONDS,
    },
    source: {
      read: url ? () => keysOfUrl(url, ca) : () => keysOfFile(place),
      everyMs: url ? URL_EVERY_MS : FILE_EVERY_MS,
      staleMs: config.CHAINON_JWT_STALE_SECONDS * 1000,
      isFile: !url,
    },
  }
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ConfigurationError('gateway cannot start, its tokens are wrong', [
      `CHAINON_JWT_JWKS_CA_FILE: ${path}: ${errorCode(error)}`,
    ])
  }
}
