/** Layer 1: what has a form of its own. */
import { GLUED, MARK, NUMBER, type Tokens, WORD } from '../tokens.ts'
import type { Finding, Language } from '../types.ts'
import { codeAt, englishCodeAt, englishNumberAt, nationalNumberAt } from './codes.ts'
import { emailAround, urlAt } from './contacts.ts'
import { dateAtNumber, dateAtWord } from './dates.ts'
import { numberAt } from './numbers.ts'

const AT_SIGN = 64
const PLUS = 43
const BRACKET = 40
const HYPHEN = 45
const UNDERSCORE = 95

/** @returns findings in the order of the text; none overlaps another */
export function findShapes(tokens: Tokens, language: Language): Finding[] {
  const { text, count, start, type } = tokens
  const found: Finding[] = []
  let free = 0
  for (let t = 0; t < count; t++) {
    const at = start[t] as number
    if (type[t] === MARK && text.charCodeAt(at) === AT_SIGN) {
      const email = emailAround(text, at)
      if (!email) continue
      while (found.length > 0 && (found.at(-1) as Finding).end > email.start) found.pop()
      found.push(email)
      free = email.end
      continue
    }
    if (at < free) continue
    const one = at < free ? undefined : shapeAt(tokens, t, language)
    if (!one) continue
    found.push(one)
    free = one.end
  }
  return found
}

function shapeAt(tokens: Tokens, t: number, language: Language): Finding | undefined {
  const { text, start, end, type, gap } = tokens
  const at = start[t] as number
  const glued = gap[t] === GLUED && t > 0 && type[t - 1] !== MARK
  if (type[t] === NUMBER) {
    const date = dateAtNumber(text, at, language)
    if (glued) return date?.certain ? date : undefined
    const isGlued = type[t + 1] === WORD && gap[t + 1] === GLUED
    const english = language === 'en' ? englishNumberAt(text, at, (end[t] as number) - at, isGlued) : undefined
    if (english) return english
    const code = isGlued ? codeAt(text, at) : undefined
    const number = date && hasWholeYear(text, date) ? undefined : numberAt(text, at, language)
    const best = [date, number, code]
      .filter((one) => one !== undefined)
      .sort((a, b) => Number(b.certain) - Number(a.certain) || b.end - a.end)
    return best[0] ?? codeAt(text, at)
  }
  if (type[t] === WORD) {
    if (glued && type[t - 1] === WORD) return undefined
    const after = text.charCodeAt(end[t] as number)
    return (
      urlAt(text, at, after) ??
      (language === 'en' && !glued ? (nationalNumberAt(text, at) ?? englishCodeAt(text, at)) : undefined) ??
      dateAtWord(text, at, language) ??
      (glued ? undefined : ((goesOnAsCode(after) ? codeAt(text, at) : undefined) ?? letterNumber(text, at, language)))
    )
  }
  const code = text.charCodeAt(at)
  return type[t] === MARK && (code === PLUS || code === BRACKET) ? numberAt(text, at, language) : undefined
}

/** A code has a figure or a joint right after its first letters, whatever its form: most words are told by that. @param after the character after a word */
const goesOnAsCode = (after: number): boolean =>
  (after >= 47 && after <= 58) || after === HYPHEN || after === UNDERSCORE

/** 08/07/2023 19:04 begins like a telephone number of ten figures. */
const hasWholeYear = (text: string, { start, end, certain }: Finding): boolean =>
  certain && /^\d{1,2}[/.-]\d{1,2}[/.-]\d{4}$/.test(text.slice(start, end))

/** A telephone number whose first zero was read as a letter. */
function letterNumber(text: string, at: number, language: Language): Finding | undefined {
  return text[at] === 'O' ? numberAt(text, at, language) : undefined
}
