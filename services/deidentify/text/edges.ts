/** Where a span begins and ends when what stands right beside it belongs to it: prefixes of numbers, words broken over lines, parts of an address. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { FAMILY as FAMILY_NAME, GIVEN as GIVEN_NAME, WORD_EN } from './lexicon/lexicon.ts'
import { endOfName, startOfElision, startOfPair } from './name-edges.ts'
import type { TokenSpan } from './plausible.ts'
import { tagOf } from './tagger/labels.ts'
import { GLUED, INITIAL, LINE_END, LOWER, MARK, NUMBER, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Language } from './types.ts'
import { setOf } from './word-set.ts'

const ID = tagOf('id')
const NAME = tagOf('name')
const GIVEN = tagOf('name') - 1
const ADDRESS = tagOf('address')
const POSTCODE = tagOf('postcode')
const PHONE = tagOf('phone')
/** Letters of a prefix such as the initials in `JW/KL/1103882`. */
const LONGEST_PREFIX = 5
/** Tokens that are added on one side. */
const REACH = 6

/** Before an infant's name, which is its mother's. */
const INFANT = setOf('baby infant newborn')
const INFANT_SEX = setOf('boy girl boys girls male female twin')
/** Degrees after a name: no part of it. */
const DEGREES = setOf(
  'mbchb mbbs mb bch bchir bs bm mrcp mrcpuk mrcgp mrcpsych mrcog mrcs mrcpch frcp frcs frcr frca frcgp frcog frcpath frcpsych frcem dphil msc bsc mph mba rn bsn msn np fnp crnp aprn pa pac do md phd pharmd lcsw lmsw facs facc facp facep ffarcsi dnb dm mch otr dpt rmn rgn cnm dds dmd',
)
/** Labels and titles that the tagger takes for the beginning or the end of a name. */
const LEADING = setOf(
  'patient patients pt pts name names re dtr son wife husband daughter mother father brother nurse tech technician anp np rn aprn pa hca cna lpn lvn fellow resident registrar intern consultant attending surgeon anesthesiologist anaesthetist anaes anes interpreter therapist pharmacist thx thanks hi hello dear with by from per called via attn cc acc registered miss mister mr mrs ms dr doctor prof professor rev sister matron lcsw licsw lmsw amhp cnm ofc officer trooper',
)
const TRAILING = setOf('age sex dob mrn room ward hosp nhs anaes anes surgeon gender race acct fin csn tel phone')
/** Words that have a letter after them for their kind. */
const TYPED = setOf(
  'grade type class stage group vitamin hepatitis influenza factor part bay ward room bed level table apt unit flat',
)
/** Marks between the parts of an address, and what may stand there without a street. */
const ADDRESS_PARTS =
  /(?:,? ?(?:\d{1,2} ?(?:er|e|è|eme|ème|ère|nd) (?:étage|etage|gauche|droite|face|gche|dte|g|d)|(?:bât|bat|bâtiment|batiment|bloc|esc|escalier|appt|apt|appartement|bte|boîte|boite|porte|unit|apt|flat|suite|ste|room)\.? ?[a-z]?\d{0,4}[a-z]?|(?:étage|etage) \d{1,2}|(?:quartier|lieu-dit|lieudit|lotissement|hameau) (?:(?:de |du |des |la |le |les )?\p{Lu}[\p{L}'-]{1,30})(?: \p{Lu}[\p{L}'-]{1,30})?)(?![\p{L}\d])){1,3}/iuy

/** @param free first offset that no span before has */
export function widened(
  tokens: Tokens,
  notes: Notes,
  span: TokenSpan,
  free: number,
  next: number,
  language: Language,
): TokenSpan {
  let { first, last } = span
  if (span.tag === ID || (span.tag === POSTCODE && isTailOfNumber(tokens, first))) {
    first = startOfId(tokens, notes, first, free)
    last = endOfId(tokens, last, next)
  } else if (span.tag === NAME || span.tag === GIVEN) {
    last = endOfBrokenWord(tokens, last, next)
    if (language === 'fr') first = startOfElision(tokens, first, free)
    if (language === 'en') {
      while (last > first && (isDegree(tokens, last) || isTrailing(tokens, notes, last))) last--
      while (last > first && LEADING.has(tokens.hash[first] as number)) first++
      first = startOfInitial(tokens, startOfInfant(tokens, first, free), free)
      first = startOfPair(tokens, notes, first, free)
      last = endOfName(tokens, notes, last, next)
    }
  } else if (span.tag === PHONE) first = startOfPhone(tokens, first, last, free)
  else if (span.tag === ADDRESS) {
    first = startOfHouse(tokens, first, free)
    last = endOfParts(tokens, last, next)
  }
  if (first === span.first && last === span.last) return span
  return {
    ...span,
    kind: span.tag === POSTCODE ? 'id' : span.kind,
    first,
    last,
    start: first === span.first ? span.start : (tokens.start[first] as number),
    end: last === span.last ? span.end : (tokens.end[last] as number),
  }
}

const isDegree = ({ written, hash, type }: Tokens, t: number): boolean =>
  type[t] === WORD && written[t] !== LOWER && written[t] !== INITIAL && DEGREES.has(hash[t] as number)

/** Denise back: a word in small letters that is no name. SMITH AGE: the label of what comes next. */
const isTrailing = ({ type, written, hash }: Tokens, { flags, cues }: Notes, t: number): boolean =>
  type[t] === WORD &&
  (TRAILING.has(hash[t] as number) ||
    (written[t] === LOWER &&
      ((flags[t] as number) & (WORD_EN | GIVEN_NAME | FAMILY_NAME)) === WORD_EN &&
      ((cues[t] as number) & CUE.particle) === 0))

/** QB-7712: the last figures of a number look like a postcode. */
const isTailOfNumber = (tokens: Tokens, t: number): boolean =>
  tokens.gap[t] === GLUED && t > 0 && isJoint(tokens, t - 1)

/** B WALLACE: a capital before a name, where no label such as `Grade` or `Hepatitis` stands before it. */
function startOfInitial(tokens: Tokens, from: number, free: number): number {
  const { type, written, gap, start, text, hash } = tokens
  let initial = from - 1
  if (type[initial] === MARK && text[start[initial] as number] === '.' && gap[initial] === GLUED) initial--
  const isInitial =
    initial >= 0 &&
    written[initial] === INITIAL &&
    (start[initial] as number) >= free &&
    gap[from] === SPACED &&
    written[from] !== LOWER &&
    written[from] !== INITIAL &&
    !(initial === from - 1 && /[AI]/.test(text[start[initial] as number] as string)) &&
    gap[initial] !== GLUED &&
    !TYPED.has(hash[initial - 1] as number)
  return isInitial ? initial : from
}

const isJoint = ({ type, text, start }: Tokens, t: number): boolean =>
  type[t] === MARK && /[-/_#]/.test(text[start[t] as number] as string)

const isShortCapitals = ({ type, written, start, end }: Tokens, t: number): boolean =>
  type[t] === WORD &&
  (written[t] === UPPER || written[t] === INITIAL) &&
  (end[t] as number) - (start[t] as number) <= LONGEST_PREFIX

function startOfId(tokens: Tokens, { cues }: Notes, from: number, free: number): number {
  const { type, gap, start, text } = tokens
  let first = from
  for (let steps = 0; steps < REACH && first > 0 && gap[first] === GLUED; steps++) {
    const before = first - 1
    if ((start[before] as number) < free) break
    if (!(isJoint(tokens, before) || isShortCapitals(tokens, before) || type[before] === NUMBER)) break
    first = before
  }
  while (first < from && isJoint(tokens, first) && text[start[first] as number] !== '#') first++
  if (first > 0 && gap[first] === SPACED) {
    // License No. ME 104882: capitals between the label and the number.
    const [prefix, label] = [first - 1, first - 2]
    const announced =
      label >= 0 &&
      (tokens.type[label] === MARK
        ? /[.:#]/.test(text[start[label] as number] as string)
        : ((cues[label] as number) & (CUE.accession | CUE.mrn | CUE.ipp | CUE.rpps)) !== 0)
    if (
      announced &&
      (start[prefix] as number) >= free &&
      tokens.written[prefix] === UPPER &&
      isShortCapitals(tokens, prefix) &&
      ((cues[prefix] as number) & ~(CUE.state | CUE.civility | CUE.particle)) === 0
    )
      first = prefix
  }
  return first
}

function endOfId(tokens: Tokens, from: number, next: number): number {
  const { type, gap, count, start } = tokens
  let last = from
  for (let t = from + 1, steps = 0; steps < REACH && t < count && gap[t] === GLUED; t++, steps++) {
    if ((start[t] as number) >= next) break
    if (type[t] === NUMBER || isShortCapitals(tokens, t)) last = t
    else if (!isJoint(tokens, t)) break
  }
  return last
}

/** Mul-⏎lenweg */
function endOfBrokenWord({ type, written, text, start, gap, count }: Tokens, from: number, next: number): number {
  const word = from + 3
  const isBroken =
    word < count &&
    type[from + 1] === MARK &&
    gap[from + 1] === GLUED &&
    text[start[from + 1] as number] === '-' &&
    type[from + 2] === LINE_END &&
    type[word] === WORD &&
    written[word] === LOWER &&
    (start[word] as number) < next
  return isBroken ? word : from
}

function startOfInfant({ hash, gap, start }: Tokens, from: number, free: number): number {
  if (gap[from] !== SPACED || from < 1 || (start[from - 1] as number) < free) return from
  if (INFANT.has(hash[from - 1] as number)) return from - 1
  const isInfant = INFANT_SEX.has(hash[from - 1] as number) && from > 1 && INFANT.has(hash[from - 2] as number)
  return isInfant && (start[from - 2] as number) >= free ? from - 2 : from
}

/** +44 7700 900655, (03) 8739 8028: the mark that a number begins with. */
function startOfPhone({ type, gap, text, start }: Tokens, from: number, last: number, free: number): number {
  const mark = from - 1
  if (mark < 0 || type[mark] !== MARK || gap[from] !== GLUED || (start[mark] as number) < free) return from
  const sign = text[start[mark] as number]
  return sign === '+' || (sign === '(' && text.slice(start[from], start[last]).includes(')')) ? mark : from
}

/** 4 r du Gal Leclerc: the number of the house. */
function startOfHouse({ type, gap, start, end, text }: Tokens, from: number, free: number): number {
  if (type[from] !== WORD) return from
  let t = from - 1
  if (type[t] === MARK && text[start[t] as number] === ',') t--
  const isNumber =
    t >= 0 &&
    type[t] === NUMBER &&
    (gap[t + 1] as number) <= SPACED &&
    (end[t] as number) - (start[t] as number) <= 4 &&
    (start[t] as number) >= free &&
    !(type[t - 1] === MARK && gap[t] === GLUED && /[-.,/]/.test(text[start[t - 1] as number] as string))
  return isNumber ? t : from
}

function endOfParts({ text, end, start, count, type, gap, written }: Tokens, span: number, next: number): number {
  let from = span
  // Unit 4C: a letter glued to the last number.
  if (
    type[from] === NUMBER &&
    gap[from + 1] === GLUED &&
    written[from + 1] === INITIAL &&
    (start[from + 1] as number) < next
  )
    from++
  ADDRESS_PARTS.lastIndex = end[from] as number
  if (!ADDRESS_PARTS.test(text) || ADDRESS_PARTS.lastIndex > next) return from
  let last = from
  while (last + 1 < count && (start[last + 1] as number) < ADDRESS_PARTS.lastIndex) last++
  return last
}
