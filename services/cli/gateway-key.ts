/** The gateway and the API key of a command that speaks with it. */

import { readConfig } from '#core/config/read.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { localKey } from '#core/keys/admin.ts'

export interface GatewayOptions {
  readonly url?: string
  readonly key?: string
  readonly producer?: string
}

export interface GatewayAccess {
  /** Without a final slash. */
  readonly url: string
  readonly key: string
}

/**
 * @param what the key is for
 * @throws ChainonError missing-key when neither options nor environment have one
 */
export function gatewayAccess(options: GatewayOptions, environment: NodeJS.ProcessEnv, what: string): GatewayAccess {
  const config = readConfig('chainon', ['CHAINON_GATEWAY_URL', 'CHAINON_API_KEY'], environment)
  const data = environment.CHAINON_DATA_DIR ?? ''
  const key = options.key ?? (options.producer ? localKey(data, options.producer) : undefined) ?? config.CHAINON_API_KEY
  if (!key) {
    const why = options.producer
      ? `this machine has no key of ${options.producer}: run \`chainon keys ensure ${options.producer}\``
      : 'set --key, --producer or CHAINON_API_KEY'
    throw new ChainonError('missing-key', `An API key is needed to ${what}: ${why}.`)
  }
  return { url: (options.url ?? config.CHAINON_GATEWAY_URL).replace(/\/$/, ''), key }
}
