import type { Encoder } from '#core/avro/registry.ts'
import { HEADER_ORIGIN_OFFSET } from '#core/kafka/headers.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import { type Envelope, mintPseudonymised } from '#core/pipeline/zones.ts'
import type { FileState } from '../objects/file-keeper.ts'
import type { WithheldValue } from './guard-values.ts'
import type { PseudonymisedRecord } from './remove-identity.ts'
import type { TextReport } from './scrub-texts.ts'

/** A message of `pseudonymised.<feed>`. */
export interface PseudonymisedMessage {
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** For the counters of the worker; not written. */
  readonly withheld: readonly WithheldValue[]
  /** As `withheld`. */
  readonly report: TextReport
  /** As `withheld`: what became of the file of the record. */
  readonly fileState?: FileState | undefined
  /** For the linkage topic of the feed, sealed; none of a marker. */
  readonly linkage?: Buffer | undefined
}

/** The writer schema is the last protection: a field that it does not name is not written. */
export function encodePseudonymised(
  encoder: Encoder,
): Step<
  Envelope<'pseudonymised', PseudonymisedRecord>,
  Envelope<'pseudonymised', PseudonymisedMessage>,
  'unencodable'
> {
  return {
    name: 'encodePseudonymised',
    run: ({ body: { origin, record, provenance, withheld, report, linkage, fileState } }) => {
      const value = encoder.encode(record)
      if (!value) return fail('unencodable', provenance)
      const headers = { [HEADER_ORIGIN_OFFSET]: origin }
      return pass(mintPseudonymised({ value, headers, withheld, report, linkage, fileState }))
    },
  }
}
