/** All that the linker says of its index for `chainon link report`. */
import { createHash } from 'node:crypto'
import { formOf } from '#core/linkage/feed-traits.ts'
import type { Survey } from '#core/linkage/survey.ts'
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import type { OpenIndex } from './open-index.ts'
import { surveyPairs } from './survey-pairs.ts'
import { surveyRecords } from './survey-records.ts'

export interface SurveyOptions {
  /** Of the index. */
  readonly name: string
  /** Two feeds, whose pairs count; undefined: all. */
  readonly feeds: readonly [string, string] | undefined
  /** Records that are compared with their candidates. */
  readonly sample: number
}

export async function surveyIndex(index: OpenIndex, { name, feeds, sample }: SurveyOptions): Promise<Survey> {
  const { model, frequencies } = index
  const { numbers, records, persons } = await surveyRecords(index, feeds)
  const pairs = await surveyPairs(index, numbers, sample, feeds)
  return {
    format: 'chainon-linkage-survey/1',
    index: {
      name,
      encoding: formOf(index).toString('hex'),
      model: model.version,
      model_sha256: createHash('sha256').update(JSON.stringify(model)).digest('hex'),
      traits: model.fields.map(({ trait }) => trait),
      frequencies: Object.keys(frequencies).length > 0,
      ...DEFAULT_LIMITS,
      ...(await index.reader.waiting()),
    },
    feeds: feeds ? [...feeds] : null,
    records,
    persons,
    ...pairs,
  }
}
