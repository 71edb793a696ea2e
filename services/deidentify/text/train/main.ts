/**
 * Trains the tagger: `npm run train -- CACHE_FOLDER [--texts N] [--epochs N] [--runs N] [--seed N] [--language fr|en]`. The model is the mean of
 * the runs, each with texts and an order of its own: their errors differ more than what they learnt. Writes the model and its record.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { annotate } from '../annotate.ts'
import { findContext } from '../context.ts'
import { withoutLaws } from '../laws.ts'
import { readSources } from '../lexicon/build/sources.ts'
import { type Lexicon, readLexicon } from '../lexicon/lexicon.ts'
import { findShapes } from '../shapes/find-shapes.ts'
import { type Context, contextOf } from '../tagger/features.ts'
import { NONE, TAGS } from '../tagger/labels.ts'
import { type Model, serialise } from '../tagger/model.ts'
import { tokenise } from '../tokens.ts'
import { LANGUAGES, type Language } from '../types.ts'
import { corpus, type Marked } from './corpus.ts'
import type { Random } from './letters.ts'
import { learner, mean } from './perceptron.ts'
import { slots } from './surrogates.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    texts: { type: 'string', default: '9000' },
    epochs: { type: 'string', default: '4' },
    runs: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    language: { type: 'string' },
  },
})
const cache = positionals[0]
if (cache === undefined) throw new Error('the folder for the packages of the lexicon is missing')
const sources = await readSources(cache)
const lexicon = readLexicon(new URL('../lexicon/lexicon.bin', import.meta.url))

/** So that names which no list has are learnt from their surroundings: one in this many of the names loses its entry. */
const HIDDEN_NAMES = 3
/** The grammar has few words of the language: one in this many is hidden, so that the lexicon and the writing are learnt. */
const HIDDEN_WORDS = 4
const HIDDEN = 1

for (const language of LANGUAGES.filter((one) => values.language === undefined || one === values.language)) {
  const runs = Array.from({ length: Number(values.runs) }, (_, run) => trained(language, Number(values.seed) + run))
  const file = serialise(mean(runs.map(({ model }) => model)))
  writeFileSync(new URL(`../tagger/model-${language}.bin`, import.meta.url), file)
  const record = {
    language,
    textsOfARun: Number(values.texts),
    epochs: Number(values.epochs),
    runs: runs.map(({ seed, tokens, wrong }) => ({ seed, tokens, wrongTokensByEpoch: wrong })),
    node: process.version,
  }
  writeFileSync(new URL(`../tagger/model-${language}.json`, import.meta.url), `${JSON.stringify(record, null, 2)}\n`)
}

function trained(language: Language, seed: number): { model: Model; seed: number; tokens: number; wrong: number[] } {
  const started = performance.now()
  const random = mulberry(seed)
  const texts = corpus(language, slots(language, sources), random)
  const examples = Array.from({ length: Number(values.texts) }, () => texts.next().value as Marked)
  const model = learner()
  const wrong: number[] = []
  let tokens = 0
  for (let epoch = 0; epoch < Number(values.epochs); epoch++) {
    let errors = 0
    tokens = 0
    for (const example of shuffled(examples, random)) {
      const { context, gold } = prepare(example, language, random)
      errors += model.learn(context, gold)
      tokens += gold.length
    }
    wrong.push(Number((errors / tokens).toFixed(5)))
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(`${language} seed ${seed} epoch ${epoch + 1}: ${wrong.at(-1)} of ${tokens} tokens wrong, ${seconds} s`)
  }
  return { model: model.model(), seed, tokens, wrong }
}

function prepare({ text, spans }: Marked, language: Language, random: Random): { context: Context; gold: Uint8Array } {
  const tokens = tokenise(text)
  const notes = annotate(tokens, lexicon satisfies Lexicon)
  const context = contextOf(
    tokens,
    notes,
    withoutLaws(tokens, notes, findShapes(tokens, language)),
    findContext(tokens, notes, language),
  )
  const words = context.words.map((word) => (random.below(HIDDEN_WORDS) === 0 ? HIDDEN : word))
  const suffix = context.suffix.map((one, i) => (words[i] === HIDDEN ? 0 : one))
  const gold = new Uint8Array(tokens.count)
  let t = 0
  for (const { start, end, tag } of spans) {
    while (t < tokens.count && (tokens.end[t] as number) <= start) t++
    for (; t < tokens.count && (tokens.start[t] as number) < end; t++) gold[t] = TAGS.indexOf(tag)
  }
  for (let i = 0; i < tokens.count; i++) {
    const hint = [context.shapeHint[i] as number, context.contextHint[i] as number].find((one) => one & 2)
    // What is certain is not the tagger's to decide.
    if (hint !== undefined) gold[i] = hint >> 2
    else if (
      gold[i] !== NONE &&
      ['given', 'family'].includes(TAGS[gold[i] as number] as string) &&
      random.below(HIDDEN_NAMES) === 0
    )
      context.flags[i] = 0
  }
  return { context: { ...context, words, suffix }, gold }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[out[i], out[j]] = [out[j] as T, out[i] as T]
  }
  return out
}

/** mulberry32: a small generator with a seed, so that the same command gives the same model. */
function mulberry(seed: number): Random {
  let state = seed >>> 0
  return {
    below(n) {
      state = (state + 0x6d2b79f5) >>> 0
      let t = Math.imul(state ^ (state >>> 15), state | 1)
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
      return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n)
    },
  }
}
