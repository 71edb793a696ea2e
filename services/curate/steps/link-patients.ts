import type { BatchStep } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import { contributions, type LinkDependencies } from '../link/contributions.ts'
import type { Link, LinkBatch } from '../link/linker.ts'
import type { ValidatedRecord } from './validate-record.ts'

export interface LinkedRecord extends ValidatedRecord {
  /** Links that changed because of this record; empty for a feed that is not linked. */
  readonly links: readonly Link[]
  /** True when too many patients share the record's traits: it is loaded without a link. */
  readonly unlinked: boolean
  /** True when a limit keeps the patient from being linked by one of its tokens. */
  readonly limited: boolean
}

const NO_LINKS: readonly Link[] = []

/**
 * Sends the contribution of every record of a linked feed to the linkage index, in one call for the batch; also without a record, so that
 * the index knows how far the partition is.
 */
export function linkPatients(
  dependencies: LinkDependencies,
  batch: LinkBatch,
): BatchStep<ValidatedRecord, LinkedRecord> {
  const contributionOf = contributions(dependencies)
  return {
    name: 'linkPatients',
    runBatch: async (records) => {
      const results = await dependencies.linker.link(batch, records.map(contributionOf))
      return records.map((record, index) => {
        const result = results[index]
        const { origin, provenance, flags } = record
        // Field by field: a spread costs as much as the rest of the step.
        return pass({
          origin,
          record: record.record,
          provenance,
          flags,
          links: result?.ok ? result.links : NO_LINKS,
          unlinked: !result?.ok,
          limited: result?.ok === true && result.limited,
        })
      })
    },
  }
}
