/** Questions to the schema registry that change nothing, in its own words: its client returns schemas without their logical types. */
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { authority } from '../config/authority.ts'
import type { Config } from '../config/read.ts'
import type { AvroRecordSchema } from '../contract/avro-schemas.ts'
import { ChainonError } from '../faults/errors.ts'

export const REGISTRY_KEYS = [
  'SCHEMA_REGISTRY_URL',
  'SCHEMA_REGISTRY_TLS_CA_FILE',
  'SCHEMA_REGISTRY_USERNAME',
  'SCHEMA_REGISTRY_PASSWORD',
] as const
export type RegistryConfig = Config<(typeof REGISTRY_KEYS)[number]>

const REQUEST_MS = 20_000

/**
 * Asks the registry for the types of schemas that it takes, which needs its login.
 * @returns the status of its answer
 */
export async function askRegistry(config: RegistryConfig, timeoutMs: number): Promise<number> {
  return (await getFromRegistry(config, '/schemas/types', timeoutMs)).status
}

/**
 * @returns every version of a subject, the oldest first; empty when nothing is registered
 * @throws ChainonError dependency-unavailable when the registry does not answer, or with something else
 */
export async function registeredVersions(
  config: RegistryConfig,
  subject: string,
): Promise<readonly AvroRecordSchema[]> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`
  try {
    const listed = await getFromRegistry(config, path, REQUEST_MS)
    if (listed.status === 404) return []
    const versions = JSON.parse(ok(listed)) as readonly number[]
    const found: AvroRecordSchema[] = []
    for (const version of versions.toSorted((a, b) => a - b)) {
      const { schema } = JSON.parse(ok(await getFromRegistry(config, `${path}/${version}`, REQUEST_MS))) as {
        schema: string
      }
      found.push(JSON.parse(schema) as AvroRecordSchema)
    }
    return found
  } catch (error) {
    const status = error instanceof WrongStatus ? ` (HTTP ${error.status})` : ''
    const what = `the schema registry did not return ${subject}${status}`
    throw new ChainonError('dependency-unavailable', what, { cause: error })
  }
}

class WrongStatus extends Error {
  readonly status: number
  constructor(status: number) {
    super('the registry did not answer with 200')
    this.status = status
  }
}

interface Answer {
  readonly status: number
  readonly body: string
}

function ok({ status, body }: Answer): string {
  if (status !== 200) throw new WrongStatus(status)
  return body
}

/** @param path below the address of the interface, with its slash */
export function getFromRegistry(config: RegistryConfig, path: string, timeoutMs: number): Promise<Answer> {
  const url = new URL(`${config.SCHEMA_REGISTRY_URL.replace(/\/$/, '')}${path}`)
  const { SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD: password } = config
  const ca = authorityOf(config)
  const options = {
    signal: AbortSignal.timeout(timeoutMs),
    ...(user ? { auth: `${user}:${password}` } : {}),
    ...(ca ? { ca } : {}),
  }
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest
    send(url, options, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
      .on('error', reject)
      .end()
  })
}

/** @returns the certificate authority of the registry, where one is set */
export function authorityOf({ SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_TLS_CA_FILE: file }: RegistryConfig) {
  const name = 'SCHEMA_REGISTRY_TLS_CA_FILE'
  return authority(name, file, url.startsWith('https:'), 'SCHEMA_REGISTRY_URL must begin with https://')
}
