import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { BatchStep } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { Contribution, Link, LinkBatch, Linker } from '../link/linker.ts'
import type { ValidatedRecord } from './validate-record.ts'

export interface LinkedRecord extends ValidatedRecord {
  /** Links that changed because of this record; empty for a feed that is not linked. */
  readonly links: readonly Link[]
  /** True when too many patients share the record's traits: it is loaded without a link. */
  readonly unlinked: boolean
}

export interface LinkDependencies {
  readonly contract: FeedContract
  readonly level2: Pseudonymiser
  readonly secondLevelToken: (token: string) => string | undefined
  readonly linker: Linker
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
        })
      })
    },
  }
}

/** @returns what a record contributes to the linkage, under pseudonyms and tokens of the second level */
export function contributions(
  dependencies: Omit<LinkDependencies, 'linker'>,
): (record: ValidatedRecord) => Contribution {
  const { contract, level2, secondLevelToken } = dependencies
  const subject = contract.fields.find((field) => field.name === contract.subject)?.as ?? contract.subject
  return ({ record, origin, provenance }) => ({
    patientId: level2.pseudonym('patient', String(record[subject])),
    recordId: level2.pseudonym('record', String(record.record_id)),
    version: Number(record[contract.version]),
    origin,
    cancelled: record.operation === 'cancel',
    receivedAt: provenance.receivedAt,
    tokens: (record._tokens as readonly string[]).map(secondLevelToken).filter((token) => token !== undefined),
  })
}
