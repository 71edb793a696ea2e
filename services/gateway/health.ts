/**
 * A gateway that runs is healthy: without Kafka, or a partition of it, it answers 503 to records, raises an alarm, and recovers by itself. Nothing
 * is gained when a load balancer takes it away; what is stopped is named all the same.
 */
import type { Unavailable } from './log/unavailable.ts'

import type { ListenerHealth } from './mllp/listen.ts'

export interface GatewayHealth {
  readonly status: 'ok'
  readonly stopped?: readonly { readonly feed: string; readonly partition: number; readonly code: string }[]
  /** The MLLP listeners; absent without any. */
  readonly listeners?: readonly ListenerHealth[]
}

export function gatewayHealth(
  unavailable: Pick<Unavailable, 'list'>,
  listeners: readonly ListenerHealth[] = [],
): GatewayHealth {
  const stopped = unavailable.list().map((one) => ({ ...one, code: 'partition-unavailable' }))
  return {
    status: 'ok',
    ...(stopped.length > 0 ? { stopped } : {}),
    ...(listeners.length > 0 ? { listeners } : {}),
  }
}
