import type { Encoder } from '#core/avro/registry.ts'
import { type MarkerFault, markerOf } from '#core/contract/marker.ts'
import { HEADER_MARKER, HEADER_ORIGIN_OFFSET } from '#core/kafka/headers.ts'
import type { Failed } from '#core/pipeline/pipeline.ts'
import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import { type Envelope, mintPseudonymised } from '#core/pipeline/zones.ts'
import type { PseudonymisedMessage } from './encode-pseudonymised.ts'
import type { SealedMessage } from './open-sealed.ts'
import { NO_REPORT } from './scrub-texts.ts'

export interface QuarantinedMessage {
  readonly message: SealedMessage['message']
  readonly failed: Failed<MarkerFault, 'quarantined'>
}

/** Makes the marker that replaces a quarantined record in the pseudonymised log: names and rules, never a value. */
export function markQuarantined(
  encoder: Encoder,
): Step<QuarantinedMessage, Envelope<'pseudonymised', PseudonymisedMessage>> {
  return {
    name: 'markQuarantined',
    run: ({ message, failed }) => {
      const value = encoder.encode(markerOf(failed, Number(message.timestamp) * 1000))
      if (!value) throw new Error('a quarantine marker does not fit its own schema')
      return pass(
        mintPseudonymised({
          value,
          headers: { [HEADER_ORIGIN_OFFSET]: message.offset, [HEADER_MARKER]: 'quarantine' },
          withheld: [],
          report: NO_REPORT,
        }),
      )
    },
  }
}
