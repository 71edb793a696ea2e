/** Listens at the addresses of the configuration. */
import type { FastifyInstance } from 'fastify'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import type { HttpConfig } from './settings.ts'

/**
 * @param app for everybody
 * @param admin for metrics and alarms
 * @returns the URL of each
 * @throws ConfigurationError when an address cannot be used
 */
export async function listen(
  app: FastifyInstance,
  admin: FastifyInstance,
  config: HttpConfig,
): Promise<{ readonly url: string; readonly admin_url: string }> {
  const { CHAINON_HTTP_HOST, CHAINON_HTTP_PORT, CHAINON_ADMIN_HOST, CHAINON_ADMIN_PORT } = config
  const at = async (server: FastifyInstance, host: string, port: number, settings: string) => {
    try {
      return await server.listen({ host, port })
    } catch (error) {
      const problem = `${host}:${port}: ${errorCode(error)} (${settings})`
      throw new ConfigurationError('The service cannot listen', [problem])
    }
  }
  const admin_url = await at(admin, CHAINON_ADMIN_HOST, CHAINON_ADMIN_PORT, 'CHAINON_ADMIN_HOST, CHAINON_ADMIN_PORT')
  const url = await at(app, CHAINON_HTTP_HOST, CHAINON_HTTP_PORT, 'CHAINON_HTTP_HOST, CHAINON_HTTP_PORT')
  return { url, admin_url }
}
