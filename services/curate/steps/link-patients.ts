import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { BatchStep } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { Contribution, Link, Linker } from '../link/linker.ts'
import type { ValidatedRecord } from './validate-record.ts'

export interface LinkedRecord extends ValidatedRecord {
  /** Links that changed because of this record; none for a feed that is not linked. */
  readonly links: readonly Link[]
  /** True when too many patients share the record's traits: it is loaded, and stands alone. */
  readonly unlinked: boolean
}

export interface LinkParts {
  readonly contract: FeedContract
  readonly level2: Pseudonymiser
  readonly secondLevelToken: (token: string) => string | undefined
  readonly linker: Linker
}

const NO_LINKS: readonly Link[] = []

/** Gives every record of a linked feed to the linkage index, in one call for the batch. */
export function linkPatients(parts: LinkParts, partition: number): BatchStep<ValidatedRecord, LinkedRecord> {
  const contributionOf = contributions(parts, partition)
  return {
    name: 'linkPatients',
    runBatch: async (records) => {
      if (!parts.contract.linked) return records.map((record) => pass({ ...record, links: NO_LINKS, unlinked: false }))
      const results = await parts.linker.link(records.map(contributionOf))
      return records.map((record, index) => {
        const result = results[index]
        return pass({ ...record, links: result?.ok ? result.links : NO_LINKS, unlinked: !result?.ok })
      })
    },
  }
}

function contributions(parts: LinkParts, partition: number): (record: ValidatedRecord) => Contribution {
  const { contract, level2, secondLevelToken } = parts
  const subject = contract.fields.find((field) => field.name === contract.subject)?.as ?? contract.subject
  return ({ record, origin, provenance }) => ({
    patientId: level2.pseudonym('patient', String(record[subject])),
    recordId: level2.pseudonym('record', String(record.record_id)),
    version: Number(record[contract.version]),
    offset: Number(origin),
    origin: `${contract.feed}:${partition}:${origin}`,
    cancelled: record.operation === 'cancel',
    receivedAt: provenance.receivedAt,
    tokens: (record._tokens as readonly string[]).map(secondLevelToken).filter((token) => token !== undefined),
  })
}
