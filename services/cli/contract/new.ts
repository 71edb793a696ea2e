/** `chainon feeds new`: writes a contract that `feeds check` takes, and never over one that is there. */
import { writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { EDITOR_SCHEMA_FILE } from '#core/contract/editor-schema.ts'
import { FEED_NAME, parseContract } from '#core/contract/parse.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { ROOT } from '../../../deploy/local/paths.ts'
import { proposeContract } from './propose-contract.ts'
import { sampleColumns } from './sample-columns.ts'
import { contractText } from './skeleton.ts'

export interface NewOptions {
  readonly doc: string
  readonly out?: string
  readonly dryRun?: true
}

interface Written {
  readonly text: string
  readonly notes: readonly string[]
  /** Undefined with --dry-run. */
  readonly file?: string
}

/**
 * @param folder of the contracts
 * @throws ConfigurationError when the name is none, the sample cannot be read, or the file is there already
 */
export async function newContract(
  feed: string,
  sample: string | undefined,
  folder: string,
  options: NewOptions,
): Promise<Written> {
  if (!FEED_NAME.test(feed) || feed.endsWith('_all'))
    throw new ConfigurationError('No feed can have this name', [
      'it must be lower case letters, digits and _, begin with a letter, and not end with _all',
    ])
  const file = resolve(options.out ?? join(folder, `${feed}.avsc`))
  const columns = sample === undefined ? [] : await sampleColumns(sample)
  const { contract, notes } = proposeContract(feed, options.doc, columns)
  const $schema = relative(dirname(file), join(ROOT, EDITOR_SCHEMA_FILE))
  const text = contractText({ ...contract, $schema })
  const result = parseContract(feed, text)
  if (!result.ok) throw new Error(`a proposed contract is wrong: ${result.problems.join('; ')}`)
  if (options.dryRun) return { text, notes }
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    const why = errorCode(error) === 'EEXIST' ? 'it is there already, and is not replaced' : errorCode(error)
    throw new ConfigurationError('The contract cannot be written', [`${file}: ${why}`])
  }
  return { text, notes, file }
}
