/** In which language a text is read. */
import type { Privacy } from '#core/contract/privacy-schema.ts'
import { LANGUAGES, type Language } from './types.ts'

type Scrub = Extract<Privacy, { action: 'scrub' }>

/** ISO 639-1 and 639-2. */
const NAMES: Readonly<Record<string, Language>> = { fr: 'fr', fra: 'fr', fre: 'fr', en: 'en', eng: 'en' }

export interface TextLanguage {
  /** Every language that a text of the field can be read in. */
  readonly possible: readonly Language[]
  /** @returns the language of a record's text; undefined when the scrubber does not read it */
  read(record: Readonly<Record<string, unknown>>): Language | undefined
}

/** @returns the language of a scrubbed field: that which the record names (a BCP 47 tag, of which the first part counts), else the contract's */
export function languageOf({ language, language_field: field }: Scrub): TextLanguage {
  if (field === undefined) return { possible: [language], read: () => language }
  return {
    possible: LANGUAGES,
    read(record) {
      const named = record[field]
      if (named === null || named === undefined || named === '') return language
      return NAMES[String(named).toLowerCase().split(/[-_]/, 1)[0] ?? '']
    },
  }
}
