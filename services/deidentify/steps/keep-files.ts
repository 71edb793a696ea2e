import { ChainonError } from '#core/faults/errors.ts'
import type { BatchStep } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { FileKeeper, KeptFile } from '../objects/file-keeper.ts'
import type { ScrubbedRecord } from './scrub-texts.ts'

export interface KeptRecord extends ScrubbedRecord {
  /** What became of the file that the record came with; undefined when there was none. */
  readonly kept: KeptFile | undefined
}

/**
 * De-identifies the files of records, and writes them to the object store: before anything says that they are there. A record that is withdrawn
 * loses its files. One file is in memory at a time.
 *
 * @param files undefined where no object store is configured
 */
export function keepFiles(files: FileKeeper | undefined): BatchStep<ScrubbedRecord, KeptRecord> {
  return {
    name: 'keepFiles',
    async runBatch(records) {
      const verdicts = []
      for (const scrubbed of records) verdicts.push(pass({ ...scrubbed, kept: await keepOne(scrubbed) }))
      return verdicts
    },
  }

  async function keepOne(scrubbed: ScrubbedRecord): Promise<KeptFile | undefined> {
    const { file, record, provenance } = scrubbed
    if (files && record.operation === 'cancel') {
      await files.withdraw(record, provenance)
      return undefined
    }
    if (!file) {
      await files?.replaceEarlier(record, provenance)
      return undefined
    }
    if (!files)
      throw new ChainonError(
        'dependency-unavailable',
        'records have files in an object store, which this process does not keep: it needs CHAINON_OBJECT_DIR and the contracts of the gateway',
      )
    return await files.keep(file, record, provenance)
  }
}
