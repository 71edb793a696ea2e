/** Listens at the address of the configuration. */
import type { FastifyInstance } from 'fastify'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'

/**
 * @param setting the beginning of the names of the two settings, for the message
 * @returns the URL
 * @throws ConfigurationError when the address cannot be used
 */
export async function listen(app: FastifyInstance, setting: string, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    throw new ConfigurationError('The service cannot listen', [
      `${host}:${port}: ${errorCode(error)} (${setting}_HOST, ${setting}_PORT)`,
    ])
  }
}
