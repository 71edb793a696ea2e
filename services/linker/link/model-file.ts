/** Models as files: what `chainon link train` writes and `chainon link evaluate --model` reads. */
import { readFileSync, writeFileSync } from 'node:fs'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type Model, ModelSchema } from '#core/linkage/model.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'

/** It had frequencies of values (docs/adr/0069). */
const FORMER = 1

/** @throws ConfigurationError with all that is wrong with the file */
export function readModel(path: string): Model {
  const problems: string[] = []
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new ConfigurationError('The linkage model cannot be read', [`${path} is missing, unreadable or not JSON`])
  }
  if ((value as { readonly format?: unknown } | null)?.format === FORMER)
    throw new ConfigurationError('The linkage model is of a former form', [
      `${path} tells a list of names how frequent they are among the records that it was learnt on: remove it wherever it is, and learn another one (chainon link train)`,
    ])
  const model = read(ModelSchema, value, new Place(problems, path)).complete
  if (!model) throw new ConfigurationError('The linkage model is wrong', problems.slice(0, 20))
  return model
}

/** It has no value of the data set. Mode 0600: what is told of its records, whoever copies it decides. */
export function writeModel(path: string, model: Model): void {
  writeFileSync(path, `${JSON.stringify(model)}\n`, { mode: 0o600 })
}
