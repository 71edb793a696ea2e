/** Models as files: what `chainon link train` writes and `chainon link evaluate --model` reads. */
import { readFileSync, writeFileSync } from 'node:fs'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type Model, ModelSchema } from '#core/linkage/model.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'

/** @throws ConfigurationError with all that is wrong with the file */
export function readModel(path: string): Model {
  const problems: string[] = []
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new ConfigurationError('The linkage model cannot be read', [`${path} is missing, unreadable or not JSON`])
  }
  const model = read(ModelSchema, value, new Place(problems, path)).complete
  if (!model) throw new ConfigurationError('The linkage model is wrong', problems.slice(0, 20))
  return model
}

/** The frequencies are those of encoded values of the data set: mode 0600. */
export function writeModel(path: string, model: Model): void {
  writeFileSync(path, `${JSON.stringify(model)}\n`, { mode: 0o600 })
}
