/** What a record says of its patient: numbers, names, places and the date of birth, in the form in which values are compared with them. */
import { formatDate } from '../contract/calendar.ts'
import type { FeedContract } from '../contract/types.ts'

type Values = Readonly<Record<string, unknown>>

/** In upper case without accents. */
export interface Identity {
  /** Letters and digits only; digits also alone, and without the zeros before them. */
  readonly identifiers: readonly string[]
  /** The digits as a number has them: without the zeros before them. */
  readonly numbers: readonly string[]
  /** Words of names, of addresses and of places. */
  readonly words: ReadonlySet<string>
  /** YYYYMMDD and DDMMYYYY. */
  readonly birthDates: readonly string[]
}

const SHORTEST_IDENTIFIER = 5
/** Without its zeros, 0019208 would be found in LOINC 1920-8. */
const SHORTEST_WITHOUT_ZEROS = 6
const SHORTEST_WORD = 3
const IDENTIFYING: ReadonlySet<string> = new Set(['direct', 'trait', 'professional', 'place'])

/** @returns a function that reads what a record of the feed says of its patient */
export function identityReader(contract: FeedContract): (record: Values) => Identity {
  const fields = contract.fields
    .filter(({ kind, privacy }) => kind === 'string' && IDENTIFYING.has(privacy.class) && privacy.action !== 'keep')
    .map(({ name, privacy }) => ({
      name,
      pseudonym: privacy.action === 'pseudonymise',
      // The number of a record is no number of a person, and its parts are counters: it is compared as a whole.
      whole: privacy.action === 'pseudonymise' && privacy.domain === 'record',
    }))
  const birth = contract.fields.find(({ linkage, kind }) => linkage === 'birth_date' && kind === 'date')
  return function readIdentity(record) {
    const identifiers: string[] = []
    const numbers: string[] = []
    const words = new Set<string>()
    for (const { name, pseudonym, whole } of fields) {
      const value = record[name]
      if (typeof value !== 'string') continue
      const folded = fold(value)
      const digits = whole && !/^\d+$/.test(folded) ? 0 : addNumbers(identifiers, numbers, folded)
      if (pseudonym) {
        if ((whole || digits > 0) && digits < folded.length) add(identifiers, folded.replace(/[^A-Z0-9]/g, ''))
      } else {
        // The server of an e-mail address names nobody: its `org` would be found in http://loinc.org.
        for (const word of folded.replace(/@.*/s, '').match(/\p{L}+/gu) ?? [])
          if (word.length >= SHORTEST_WORD) words.add(word)
      }
    }
    return { identifiers, numbers, words, birthDates: birth ? datesOf(record[birth.name]) : [] }
  }
}

/** A number is written with or without what stands around it: H1-0080001, 0080001, 80001. @returns how many digits there are */
function addNumbers(identifiers: string[], numbers: string[], folded: string): number {
  let joined = ''
  let runs = 0
  let start = -1
  for (let i = 0; i <= folded.length; i++) {
    const code = i < folded.length ? folded.charCodeAt(i) : 0
    if (code >= 48 && code <= 57) {
      if (start < 0) start = i
    } else if (start >= 0) {
      const run = folded.slice(start, i)
      start = -1
      runs++
      joined += run
      addNumber(identifiers, numbers, run)
    }
  }
  if (runs > 1) addNumber(identifiers, numbers, joined)
  return joined.length
}

function addNumber(identifiers: string[], numbers: string[], digits: string): void {
  const short = digits.startsWith('0') ? digits.replace(/^0+/, '') : digits
  add(identifiers, digits)
  add(numbers, short)
  if (short !== digits && short.length >= SHORTEST_WITHOUT_ZEROS) identifiers.push(short)
}

function add(identifiers: string[], text: string): void {
  if (text.length >= SHORTEST_IDENTIFIER) identifiers.push(text)
}

function datesOf(days: unknown): readonly string[] {
  if (typeof days !== 'number') return []
  const [year = '', month = '', day = ''] = formatDate(days).split('-')
  return [`${year}${month}${day}`, `${day}${month}${year}`]
}

/** @returns upper case without accents, ligatures resolved */
export function fold(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return foldAccents(text)
  return text.toUpperCase()
}

function foldAccents(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase().replaceAll('Œ', 'OE').replaceAll('Æ', 'AE')
}
