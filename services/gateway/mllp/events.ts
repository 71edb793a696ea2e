/** What the gateway reports of its MLLP listeners. Labels are the listeners' names and codes. */
import type { Metrics } from '#core/telemetry/metrics.ts'
import type { Framed } from './framer.ts'
import type { AckCode } from './outcome.ts'

export interface MllpEvents {
  readonly message: (listener: string, code: AckCode) => void
  /** A frame that is no message, or a frame whose sender went away or is too slow. */
  readonly framing: (listener: string, kind: Exclude<Framed['kind'], 'message'> | 'unfinished') => void
  readonly connections: (listener: string, open: number) => void
}

export function mllpEvents(metrics: Metrics): MllpEvents {
  const messages = metrics.counter('chainon_gateway_mllp_messages', 'Messages by listener and acknowledgement')
  const framing = metrics.counter(
    'chainon_gateway_mllp_framing',
    'Bytes that are no complete message, by listener and kind',
  )
  const connections = metrics.gauge('chainon_gateway_mllp_connections', 'Open connections by listener')
  return {
    message: (listener, acknowledgement) => messages(1, { listener, acknowledgement }),
    framing: (listener, kind) => framing(1, { listener, kind }),
    connections: (listener, open) => connections(open, { listener }),
  }
}
