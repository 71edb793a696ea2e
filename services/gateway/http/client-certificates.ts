/** Client certificates at the port of the producers: asked for, and not demanded, as keys and tokens are ways in, too. */
import type { Config } from '#core/config/read.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type HttpConfig, type HttpSettings, readPem } from '#core/http/settings.ts'

type ClientConfig = HttpConfig & Config<'CHAINON_TLS_CLIENT_CA_FILE'>

/**
 * @returns the same configuration
 * @throws ConfigurationError when nobody could log in with a certificate, or everybody behind the proxy with that of the proxy
 */
export function checkClients<C extends ClientConfig>(config: C): C {
  if (config.CHAINON_TLS_CLIENT_CA_FILE === '') return config
  const problems: string[] = []
  if (config.CHAINON_TLS_CERT_FILE === '')
    problems.push('CHAINON_TLS_CLIENT_CA_FILE needs CHAINON_TLS_CERT_FILE and CHAINON_TLS_KEY_FILE')
  if (config.CHAINON_TRUSTED_PROXY.length > 0)
    problems.push(
      'CHAINON_TLS_CLIENT_CA_FILE and CHAINON_TRUSTED_PROXY exclude each other: only the certificate of the proxy is seen behind it',
    )
  if (problems.length > 0) throw new ConfigurationError('gateway does not listen', problems)
  return config
}

/**
 * @returns the settings of the port for everybody, which asks for certificates when their authority is configured
 * @throws ConfigurationError when the authority's certificate cannot be read
 */
export function withClientCertificates(http: HttpSettings, config: ClientConfig): HttpSettings {
  const { https } = http.server
  if (config.CHAINON_TLS_CLIENT_CA_FILE === '' || !https) return http
  const ca = readPem(config.CHAINON_TLS_CLIENT_CA_FILE)
  // Whether a certificate is of the authority is checked by who asks for it (`credentials.ts`).
  return { ...http, server: { ...http.server, https: { ...https, ca, requestCert: true, rejectUnauthorized: false } } }
}
