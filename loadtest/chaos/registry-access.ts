/** How the harness reaches the registry under test: past the proxies, as its administrator. */
import { localLogin } from '../../deploy/local/logins.ts'

export interface RegistryAccess {
  /** Of its Confluent-compatible interface. */
  readonly url: string
  /** Value of the header. */
  readonly authorization: string
}

/** @param data folder of the stack */
export function registryAccess(url: string, data: string): RegistryAccess {
  const { SCHEMA_REGISTRY_USERNAME: user = '', SCHEMA_REGISTRY_PASSWORD: password = '' } = localLogin(
    'registry',
    data,
    'admin',
  )
  return { url, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
