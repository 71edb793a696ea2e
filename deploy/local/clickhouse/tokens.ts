import { frontError } from './errors.ts'

/** A token of a statement. Positions are bytes; `depth` counts the brackets around it. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'symbol'
  /** Upper-cased for words, the character itself for symbols, empty for quoted text. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

const WORD_START = /[A-Za-z_\x80-\xff]/
const WORD = /[A-Za-z0-9_\x80-\xff]/
const SPACE = /\s/

/**
 * Reads a statement's tokens one at a time, and skips comments and quoted text: the caller stops at an INSERT's data, which are
 * not SQL. `sql` is decoded as latin1, so that one character is one byte.
 * @throws EngineError SYNTAX_ERROR on a quoted text or comment that is not closed.
 */
export function* tokensOf(sql: string): Generator<Token> {
  let at = 0
  let depth = 0
  while (at < sql.length) {
    const char = sql.charAt(at)
    const start = at
    if (SPACE.test(char) || char === '\0') {
      at += 1
    } else if (sql.startsWith('--', at) || sql.startsWith('#!', at) || sql.startsWith('# ', at)) {
      const end = sql.indexOf('\n', at)
      at = end === -1 ? sql.length : end + 1
    } else if (sql.startsWith('/*', at)) {
      at = after(sql, '*/', at + 2, 'a comment')
    } else if (char === "'" || char === '"' || char === '`') {
      at = endOfQuoted(sql, char, at)
      yield { kind: 'quoted', text: '', start, end: at, depth }
    } else if (char === '$' && /^\$\w*\$/.test(sql.slice(at, at + 130))) {
      const tag = /^\$\w*\$/.exec(sql.slice(at, at + 130))?.[0] ?? '$$'
      at = after(sql, tag, at + tag.length, 'a heredoc')
      yield { kind: 'quoted', text: '', start, end: at, depth }
    } else if (WORD_START.test(char)) {
      while (at < sql.length && WORD.test(sql.charAt(at))) at += 1
      yield { kind: 'word', text: sql.slice(start, at).toUpperCase(), start, end: at, depth }
    } else {
      at += 1
      if (char === ')' || char === ']' || char === '}') depth = Math.max(0, depth - 1)
      yield { kind: 'symbol', text: char, start, end: at, depth }
      if (char === '(' || char === '[' || char === '{') depth += 1
    }
  }
}

function after(sql: string, mark: string, from: number, what: string): number {
  const end = sql.indexOf(mark, from)
  if (end === -1) throw frontError.unfinished(what)
  return end + mark.length
}

/** ClickHouse quotes with ', " and `; a backslash escapes, and so does the quote written twice. */
function endOfQuoted(sql: string, quote: string, from: number): number {
  for (let at = from + 1; at < sql.length; at += 1) {
    const char = sql.charAt(at)
    if (char === '\\') at += 1
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1
      at += 1
    }
  }
  throw frontError.unfinished('a quoted text')
}
