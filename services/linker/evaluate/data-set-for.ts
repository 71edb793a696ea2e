/** The data set that the options of a command name. */
import { ConfigurationError } from '#core/faults/errors.ts'
import { didYouMean } from '#core/schema/nearest.ts'
import { type DataSet, readDataSet } from './data-set.ts'
import { encoding } from './encoding.ts'

export interface DataSetFlags {
  /** Another file in place of fields.json. */
  readonly fields?: string | undefined
  /** Names of the kinds of tokens that are used, with commas; undefined: all. */
  readonly passes?: string | undefined
}

/** @throws ConfigurationError with all that is wrong with the folder, or with the names of the passes */
export function dataSetFor(dir: string, { fields, passes }: DataSetFlags): DataSet {
  const data = readDataSet(dir, fields)
  const known = encoding(data).kinds.map(({ name }) => name)
  if (known.length === 0)
    throw new ConfigurationError(`The data set ${dir} is wrong`, [
      'fields.json: traits: these alone find no candidates; a name, a street with its town, a telephone or a number would',
    ])
  if (passes === undefined) return data
  const wanted = passes.split(',')
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new ConfigurationError('The options are wrong', [
      ...unknown.map((name) => `--passes: '${name}' is none with these traits${didYouMean(name, known)}`),
      `known: ${known.join(', ')}`,
    ])
  return { ...data, passes: wanted }
}
