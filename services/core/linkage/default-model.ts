/** The model that is shipped: trained on simulated registrations (schemas/linkage/README.md). */
import { Check } from 'typebox/schema'
import shipped from '../../../schemas/linkage/default-model.json' with { type: 'json' }
import { type Model, ModelSchema } from './model.ts'

/** @throws Error when the file is damaged */
export function defaultModel(): Model {
  const model: unknown = shipped
  if (!Check(ModelSchema, model)) throw new Error('the shipped linkage model is damaged')
  return model
}
