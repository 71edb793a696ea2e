/**
 * A routing key that was made although records have been accepted is not the one of before: a wrong mount, a lost file, or another host of a gateway to which the
 * file was not copied. Nothing is lost by it, so the gateway takes records; it does not keep quiet about it either.
 */
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

/**
 * For a gateway that has made its key, before it takes records: afterwards they could be its own. The alarm stays until the gateway is started again: the
 * key is not new then.
 *
 * @param hasRecords whether a topic of identified records has, or had, a message; rejects when Kafka does not answer in time
 */
export async function tellOfNewRoutingKey(
  hasRecords: () => Promise<boolean>,
  alarms: Pick<Alarms, 'raise'>,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  const known = await hasRecords().catch((error: unknown) => safeError(error))
  if (known === false) return
  logger.warn({ event: 'routing-key-new', ...(known !== true && { err: known }) })
  const before = known === true ? 'records were accepted before' : 'whether records were accepted before is not known'
  alarms.raise({
    id: 'gateway-routing-key',
    code: 'routing-key-new',
    message: `routing.key was made at this start, and ${before}: with another key patients change their partition, and a request that is repeated is not recognised. Copy the file of another gateway, or of the backup, to this one and start it again`,
  })
}
