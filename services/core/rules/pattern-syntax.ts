/**
 * The patterns of contracts: a subset of ECMAScript's regular expressions with the flag `u` that a linear-time engine can run. One walk over
 * the text finds what is not in the subset, bounds the work of a backtracking engine, and writes the same pattern for RE2.
 * Syntax: ECMA-262, 22.2.1, and github.com/google/re2/wiki/Syntax.
 */

/** A part of a pattern. */
interface Part {
  /** In how many ways a backtracking engine can try it, at most; Infinity when that depends on the value. */
  readonly ways: number
  /** Characters and assertions on the longest of these ways. */
  readonly length: number
  /** The same pattern for RE2. */
  readonly re2: string
}

export type Syntax =
  | ({ readonly ok: true } & Part)
  /** The construct that is not in the subset, in words; never a part of the pattern. */
  | { readonly ok: false; readonly construct: string }

class NotInSubset extends Error {}

/** RE2 has other white space than ECMAScript. */
const SPACE = '\\t-\\r\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'
const NOT_SPACE =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}' +
  '\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}'
/** `.` is any character but ECMAScript's line terminators; RE2 has only one of them. */
const DOT = '[^\\n\\r\\x{2028}\\x{2029}]'

const GROUPS: readonly [prefix: RegExp, construct: string | undefined][] = [
  [/^\(\?[=!]/, 'look-ahead'],
  [/^\(\?<[=!]/, 'look-behind'],
  [/^\(\?[a-z]*(?:-[a-z]*)?:/, undefined],
  [/^\(\?<[^>]+>/, undefined],
  [/^\(/, undefined],
]

/** @param pattern a valid regular expression with the flag `u` */
export function readPattern(pattern: string): Syntax {
  try {
    return { ok: true, ...new Reader(pattern).read() }
  } catch (error) {
    if (error instanceof NotInSubset) return { ok: false, construct: error.message }
    throw error
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Part {
    const part = this.#alternatives()
    if (this.#at < this.#text.length) throw new NotInSubset('a group that is not closed')
    return part
  }

  #alternatives(): Part {
    let { ways, length, re2 } = this.#sequence()
    while (this.#take(/^\|/) !== undefined) {
      const next = this.#sequence()
      ways += next.ways
      length = Math.max(length, next.length)
      re2 += `|${next.re2}`
    }
    return { ways, length, re2 }
  }

  #sequence(): Part {
    let ways = 1
    let length = 1
    let re2 = ''
    while (this.#at < this.#text.length && !/^[|)]/.test(this.#rest())) {
      const part = this.#repeated(this.#atom())
      ways *= part.ways
      length += part.length
      re2 += part.re2
    }
    return { ways, length, re2 }
  }

  #repeated(part: Part): Part {
    const quantifier = this.#take(/^(?:[*+?]|\{\d+(?:,\d*)?\})\??/)
    if (quantifier === undefined) return part
    const [min, max] = boundsOf(quantifier)
    let ways = max === Number.POSITIVE_INFINITY ? max : 0
    for (let rounds = min; rounds <= max && ways < WAYS_COUNTED; rounds++) ways += part.ways ** rounds
    return { ways, length: part.length * max, re2: `${part.re2}${quantifier}` }
  }

  #atom(): Part {
    for (const [prefix, construct] of GROUPS) {
      const opening = this.#take(prefix)
      if (opening === undefined) continue
      if (construct !== undefined) throw new NotInSubset(construct)
      if (/^\(\?[a-z-]+:/.test(opening)) throw new NotInSubset('a flag inside the pattern')
      const inner = this.#alternatives()
      this.#take(/^\)/)
      return { ...inner, re2: `(?:${inner.re2})` }
    }
    if (this.#take(/^\[/) !== undefined) return single(this.#characterClass())
    if (this.#take(/^\./) !== undefined) return single(DOT)
    if (this.#take(/^[\^$]/) !== undefined) return single(this.#text.charAt(this.#at - 1))
    return single(this.#character(false))
  }

  /** After the opening bracket. */
  #characterClass(): string {
    const negated = this.#take(/^\^/) !== undefined
    let inside = ''
    while (this.#take(/^\]/) === undefined) {
      inside += this.#take(/^-/) === undefined ? this.#character(true) : '-'
    }
    // An empty class matches nothing, and its negation everything; in RE2 the next bracket would belong to it.
    if (inside === '') return negated ? '[\\x{0}-\\x{10ffff}]' : '[^\\x{0}-\\x{10ffff}]'
    return `[${negated ? '^' : ''}${inside}]`
  }

  #character(inClass: boolean): string {
    if (this.#take(/^\\/) === undefined) return codePoint(this.#take(/^./su) ?? '')
    if (this.#take(/^(?:[1-9]|k<)/) !== undefined) throw new NotInSubset('back-reference')
    // ECMAScript also finds it inside a character of two code units, which RE2 does not.
    if (this.#take(/^B/) !== undefined) throw new NotInSubset('the assertion \\B')
    const kind = this.#take(/^[dDwW]/) ?? (inClass ? undefined : this.#take(/^b/))
    if (kind !== undefined) return `\\${kind}`
    if (this.#take(/^s/) !== undefined) return inClass ? SPACE : `[${SPACE}]`
    if (this.#take(/^S/) !== undefined) return inClass ? NOT_SPACE : `[${NOT_SPACE}]`
    if (/^[pP]/.test(this.#rest())) {
      const property = this.#take(/^[pP]\{[A-Z][a-z]?\}/)
      if (property === undefined)
        throw new NotInSubset('a Unicode property that is not a general category of one or two letters')
      return `\\${property}`
    }
    const escaped = this.#take(
      /^(?:u\{[\da-fA-F]+\}|(?:u[dD][89a-bA-B][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|.)/su,
    )
    // ECMAScript reads the escaped character itself: a control character, a hexadecimal number or a sign.
    return codePoint(valueOf(escaped ?? ''))
  }

  #rest(): string {
    return this.#text.slice(this.#at)
  }

  /** @returns what was read, or undefined when the rest does not begin so */
  #take(expected: RegExp): string | undefined {
    const found = expected.exec(this.#rest())?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}

/** A character or an assertion. */
function single(re2: string): Part {
  return { ways: 1, length: 1, re2 }
}

/** Beyond this a bound is not of interest. */
const WAYS_COUNTED = 1e6

function boundsOf(quantifier: string): readonly [number, number] {
  const sign = quantifier.charAt(0)
  if (sign === '*') return [0, Number.POSITIVE_INFINITY]
  if (sign === '+') return [1, Number.POSITIVE_INFINITY]
  if (sign === '?') return [0, 1]
  const [min = '', max] = quantifier.replace(/^\{|\}\??$/g, '').split(',')
  if (max === undefined) return [Number(min), Number(min)]
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', v: '\v', f: '\f', r: '\r', 0: '\0', b: '\b' }

/** @param escape what follows a backslash; @returns the character that it means */
function valueOf(escape: string): string {
  const control = CONTROLS[escape]
  if (control !== undefined) return control
  if (/^[ux]/.test(escape)) {
    const units = escape.match(/[\da-fA-F]{2,}/g) ?? []
    const numbers = units.map((unit) => Number.parseInt(unit, 16))
    return escape.startsWith('u{')
      ? String.fromCodePoint(Number.parseInt(escape.slice(2, -1), 16))
      : String.fromCharCode(...numbers)
  }
  if (/^c./.test(escape)) return String.fromCharCode(escape.charCodeAt(1) % 32)
  return escape
}

/** @returns the character as RE2 writes it: a sign could mean something else there */
function codePoint(character: string): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character
  return `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
