/** The files that the engine reads, once for each process and language. */
import type { Resources } from './engine.ts'
import { type Lexicon, readLexicon } from './lexicon/lexicon.ts'
import { readModel } from './tagger/model.ts'
import type { Language } from './types.ts'

let lexicon: Lexicon | undefined
const models = new Map<Language, Resources>()

/** @throws Error when a file is missing or of another version */
export function loadResources(language: Language): Resources {
  lexicon ??= readLexicon(new URL('./lexicon/lexicon.bin', import.meta.url))
  const known = models.get(language)
  if (known) return known
  const resources = { lexicon, model: readModel(new URL(`./tagger/model-${language}.bin`, import.meta.url)) }
  models.set(language, resources)
  return resources
}
