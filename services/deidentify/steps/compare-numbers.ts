import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { BatchStep } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { CircuitWatch } from '../external/hashed/watch.ts'
import { identityOf, textOfRole } from '../linkage/identity.ts'
import type { KeptRecord } from './keep-files.ts'

/**
 * Looks the numbers of records up in the lists of open circuits (docs/adr/0067). A record goes on as it came, found or not; one that is withdrawn is not compared.
 *
 * @param circuits undefined where there can be none
 */
export function compareNumbers(
  contract: FeedContract,
  pseudonymiser: Pseudonymiser,
  circuits: Pick<CircuitWatch, 'isOpen' | 'compare'> | undefined,
): BatchStep<KeptRecord, KeptRecord> {
  const hasNumber = contract.fields.some(({ linkage }) => linkage === 'ins' || linkage === 'nir')
  const textOf = textOfRole(contract)
  return {
    name: 'compareNumbers',
    async runBatch(records) {
      if (hasNumber && circuits?.isOpen())
        await circuits.compare(
          records
            .filter(({ record }) => record.operation !== 'cancel')
            .map(({ record, provenance: { producer } }) => ({
              identity: identityOf((role) => textOf(record, role)),
              // As `encodeIdentity` names the patient.
              patient: () => pseudonymiser.pseudonym('patient', `${producer}\0${String(record[contract.subject])}`),
            })),
        )
      return records.map((record) => pass(record))
    },
  }
}
