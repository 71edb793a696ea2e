/** What a record tells the linkage index: used by the step that links a batch, and by a rebuild of the index from the log. */
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { ValidatedRecord } from '../steps/validate-record.ts'
import type { Contribution, Linker } from './linker.ts'

export interface LinkDependencies {
  readonly contract: FeedContract
  readonly level2: Pseudonymiser
  readonly secondLevelToken: (token: string) => string | undefined
  readonly linker: Linker
}

const PREFIX = 'p2_'.length
/** 48 bits: each patient of the index has it. */
const HASH_CHARACTERS = 8

/** @returns what a record contributes to the linkage, under pseudonyms and tokens of the second level */
export function contributions(
  dependencies: Omit<LinkDependencies, 'linker'>,
): (record: ValidatedRecord) => Contribution {
  const { contract, level2, secondLevelToken } = dependencies
  const subject = contract.fields.find((field) => field.name === contract.subject)?.as ?? contract.subject
  return ({ record, origin, provenance }) => ({
    patientId: level2.pseudonym('patient', String(record[subject])),
    producer: level2.pseudonym('producer', provenance.producer).slice(PREFIX, PREFIX + HASH_CHARACTERS),
    recordId: level2.pseudonym('record', String(record.record_id)),
    version: Number(record[contract.version]),
    origin,
    cancelled: record.operation === 'cancel',
    receivedAt: provenance.receivedAt,
    tokens: (record._tokens as readonly string[]).map(secondLevelToken).filter((token) => token !== undefined),
  })
}
