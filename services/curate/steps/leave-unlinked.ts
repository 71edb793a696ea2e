import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { LinkedRecord } from './link-patients.ts'
import type { ValidatedRecord } from './validate-record.ts'

const NO_LINKS: LinkedRecord['links'] = []

/** Takes the place of `linkPatients` in a feed that names no patient: a step by record, so that the whole pipeline runs record by record. */
export function leaveUnlinked(): Step<ValidatedRecord, LinkedRecord> {
  return {
    name: 'leaveUnlinked',
    run: ({ origin, record, provenance, flags }) =>
      pass({ origin, record, provenance, flags, links: NO_LINKS, unlinked: false, limited: false }),
  }
}
