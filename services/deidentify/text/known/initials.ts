/** Initials of the known names: beside a name, after a title, and several together. */
import type { Notes } from '../annotate.ts'
import { CUE } from '../cues.ts'
import { GLUED, INITIAL, LINE_END, LOWER, MARK, SPACED, type Tokens, UPPER, WORD } from '../tokens.ts'

type Initials = ReadonlySet<string>

const isMark = ({ type, text, start }: Tokens, t: number, marks: string): boolean =>
  type[t] === MARK && marks.includes(text[start[t] as number] as string)

/** `J. Dupont`, `J Dupont`, `J.-P. Dupont`: the initials belong to the name. @returns the first token of the whole */
export function initialsBefore(
  tokens: Tokens,
  parts: readonly string[],
  initials: Initials,
  first: number,
  free: number,
): number {
  const { type, written, text, start, end, gap } = tokens
  let from = first
  for (let steps = 0; steps < 3; steps++) {
    let at = from - 1
    if (from < first && isMark(tokens, at, '-') && gap[from] === GLUED) at--
    const point = at >= 0 && isMark(tokens, at, '.')
    if (point) at--
    const isSmall = point && written[at] === LOWER && initials.has(parts[at] as string)
    const isInitial =
      at >= 0 &&
      type[at] === WORD &&
      ((written[at] === INITIAL && (from === first || initials.has(parts[at] as string))) || isSmall) &&
      (start[at] as number) >= free
    if (!isInitial || text.slice(start[at], end[at]) === 'M') break
    from = at
  }
  return from
}

/** `Dupont J.`, `Dupont J.-P.`, `DUPONT J,`: with its point, or at the end. @returns the last token of the whole */
export function initialsAfter(tokens: Tokens, parts: readonly string[], initials: Initials, last: number): number {
  const { count, type, gap } = tokens
  let to = last
  for (let steps = 0; steps < 3; steps++) {
    let at = to + 1
    if (to > last && isMark(tokens, at, '-') && gap[at] === GLUED) at++
    if (!isInitial(tokens, parts, initials, at) || (to === last && gap[at] !== SPACED)) break
    const point = at + 1
    if (isMark(tokens, point, '.') && gap[point] === GLUED) to = point
    else {
      const isEnd = point >= count || type[point] === LINE_END || isMark(tokens, point, ',;)')
      return isEnd && to === last ? at : to
    }
  }
  return to
}

const isInitial = (
  { written, type, count }: Tokens,
  parts: readonly string[],
  initials: Initials,
  t: number,
): boolean => t < count && type[t] === WORD && written[t] === INITIAL && initials.has(parts[t] as string)

const ANNOUNCES = CUE.doctor | CUE.civility | CUE.kin | CUE.nameLabel | CUE.role
/** Initials without points. */
const LONGEST_CODE = 3

/**
 * `Mme L.`, `fille S.`, `Patient : JD`, `G.T.`: initials of the known names after what announces a person, or two together with their points.
 * @returns the last token of them; a token before `t` where there are none
 */
export function loneInitials(
  tokens: Tokens,
  { cues }: Notes,
  parts: readonly string[],
  initials: Initials,
  t: number,
): number {
  const { type, written, gap, start, end } = tokens
  if (type[t] !== WORD || (written[t] !== INITIAL && written[t] !== UPPER)) return -1
  let label = t - 1
  if (isMark(tokens, label, '.:')) label--
  const isAnnounced =
    label >= 0 && gap[t] === SPACED && type[label] === WORD && ((cues[label] as number) & ANNOUNCES) !== 0
  if (written[t] === UPPER) {
    const letters = (parts[t] as string).split('')
    const isCode = (end[t] as number) - (start[t] as number) <= LONGEST_CODE && new Set(letters).size > 1
    return isAnnounced && isCode && letters.every((letter) => initials.has(letter)) ? t : -1
  }
  let last = t
  let letters = 0
  for (let at = t; letters < 4 && isInitial(tokens, parts, initials, at); at++) {
    const point = at + 1
    if (!isMark(tokens, point, '.') || gap[point] !== GLUED) {
      if (letters === 0 && isAnnounced) last = at
      break
    }
    letters++
    last = point
    at = point
    // J.-P. and Last, First.
    if (isMark(tokens, at + 1, '-,') && gap[at + 1] === GLUED) at++
  }
  if (letters >= 2 && (t === 0 || gap[t] !== GLUED || type[t - 1] === MARK)) return last
  return isAnnounced && (letters === 1 || gap[last + 1] !== GLUED) ? last : -1
}
