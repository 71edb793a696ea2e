/** Averaged structured perceptron (Collins 2002), with the updates written lazily. */
import { decode } from '../tagger/decode.ts'
import { type Context, FEATURE_COUNT, ROWS } from '../tagger/features.ts'
import { NONE, TAG_COUNT } from '../tagger/labels.ts'
import type { Model } from '../tagger/model.ts'

/** Largest weight after rounding. */
const LARGEST = 127

export interface Learner {
  /** @returns how many tokens were wrong before the update */
  learn(context: Context, gold: Uint8Array): number
  /** @returns the average of all states, rounded */
  model(): Model
}

export function learner(): Learner {
  const size = ROWS * TAG_COUNT + TAG_COUNT * TAG_COUNT
  const weights = new Float32Array(size)
  // Sum of weight x step at which it came: the average is weights - sums / steps.
  const sums = new Float64Array(size)
  const view = { addTo: added, transitions: weights.subarray(ROWS * TAG_COUNT) }
  let step = 1
  const change = (index: number, by: number) => {
    weights[index] = (weights[index] as number) + by
    sums[index] = (sums[index] as number) + by * step
  }
  function added(emit: Float64Array, rows: Int32Array): void {
    for (let tag = 0; tag < TAG_COUNT; tag++) {
      let sum = 0
      for (let f = 0; f < FEATURE_COUNT; f++) sum += weights[(rows[f] as number) * TAG_COUNT + tag] as number
      emit[tag] = (emit[tag] as number) + sum
    }
  }
  return {
    learn(context, gold) {
      const { tags, rows } = decode(context, view, { keepRows: true })
      let wrong = 0
      let [lastGold, lastTag] = [NONE, NONE]
      for (let t = 0; t < gold.length; t++) {
        const [good, tag] = [gold[t] as number, tags[t] as number]
        if (good !== tag) {
          wrong++
          for (let f = 0; f < FEATURE_COUNT; f++) {
            const base = ((rows as Int32Array)[t * FEATURE_COUNT + f] as number) * TAG_COUNT
            change(base + good, 1)
            change(base + tag, -1)
          }
        }
        if (good !== tag || lastGold !== lastTag) {
          change(ROWS * TAG_COUNT + lastGold * TAG_COUNT + good, 1)
          change(ROWS * TAG_COUNT + lastTag * TAG_COUNT + tag, -1)
        }
        lastGold = good
        lastTag = tag
      }
      step++
      return wrong
    },
    model() {
      const mean = weights.map((weight, i) => weight - (sums[i] as number) / step)
      const magnitudes = mean
        .map(Math.abs)
        .filter((x) => x > 0)
        .sort()
      const scale = LARGEST / (magnitudes[Math.floor(magnitudes.length * 0.9995)] ?? 1)
      const rounded = Int8Array.from(mean, (x) => Math.max(-LARGEST, Math.min(LARGEST, Math.round(x * scale))))
      return { weights: rounded.subarray(0, ROWS * TAG_COUNT), transitions: rounded.subarray(ROWS * TAG_COUNT) }
    },
  }
}

/** @returns the mean of each weight, rounded */
export function mean(models: readonly Model[]): Model {
  const of = (part: keyof Model) =>
    Int8Array.from((models[0] as Model)[part], (_, i) =>
      Math.round(models.reduce((sum, model) => sum + (model[part][i] as number), 0) / models.length),
    )
  return { weights: of('weights'), transitions: of('transitions') }
}
