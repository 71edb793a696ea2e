import { frontError } from './errors.ts'
import { type Token, tokensOf } from './tokens.ts'
import { STATEMENTS } from './wall.ts'

/**
 * The kind of a statement, as far as the front must know it. Texts are ready for the engine.
 * - `insert`: an INSERT whose rows follow the statement; `data` is where they begin in the statement's own bytes.
 * - `rows`: a SELECT, whose result is written to a file by the engine and streamed from there.
 * - `other`: every other statement, run unchanged.
 */
export type Statement =
  | {
      readonly kind: 'insert'
      readonly before: string
      readonly after: string
      readonly format: string
      readonly data: number
    }
  | { readonly kind: 'rows'; readonly before: string; readonly after: string; readonly format: string | undefined }
  | { readonly kind: 'other'; readonly sql: string; readonly format: string | undefined }

/**
 * Reads a statement without parsing SQL: finds its first word, its end, its FORMAT clause and where its data begins.
 * @throws EngineError SYNTAX_ERROR (empty, two statements, unclosed quotes), SUPPORT_IS_DISABLED (client-side files).
 */
export function readStatement(bytes: Buffer): Statement {
  const sql = bytes.toString('latin1')
  const text = (from: number, to: number): string => bytes.toString('utf8', from, to)
  const tokens = tokensOf(sql)
  const first = tokens.next()
  if (first.done === true) throw frontError.empty()
  if (first.value.text === 'INSERT') {
    const insert = readInsert(tokens, sql, text)
    if (insert) return insert
    // INSERT ... SELECT: read again from the start, as any other statement.
  }
  const { end, format } = readTail(sql)
  const isRows = first.value.text === 'SELECT' || first.value.text === 'WITH' || first.value.text === '('
  if (!isRows) return { kind: 'other', sql: text(0, end), format: format?.name }
  if (!format) return { kind: 'rows', before: text(0, end), after: '', format: undefined }
  return { kind: 'rows', before: text(0, format.start), after: text(format.end, end), format: format.name }
}

/** @returns the first word of a statement that a caller may send, in lower case, else `other` */
export function kindOf(statement: Statement): string {
  if (statement.kind === 'insert') return 'insert'
  if (statement.kind === 'rows') return 'select'
  const verb = /^[A-Z]+/i.exec(statement.sql.trimStart())?.[0].toUpperCase() ?? ''
  return STATEMENTS.has(verb) ? verb.toLowerCase() : 'other'
}

/** Words before the name of the INSERT's target, which may itself be any word. */
const BEFORE_NAME = new Set(['INTO', 'TABLE', 'FUNCTION', '.'])

/** Finds the data of an INSERT; undefined when its rows come from a SELECT. */
function readInsert(
  tokens: Iterator<Token>,
  sql: string,
  text: (from: number, to: number) => string,
): Statement | undefined {
  let settingsAt: number | undefined
  let nameNext = false
  for (let next = tokens.next(); next.done !== true; next = tokens.next()) {
    const token = next.value
    if (token.depth > 0) continue
    if (BEFORE_NAME.has(token.text)) {
      nameNext = true
    } else if (nameNext) {
      nameNext = false
    } else if (token.text === 'SELECT' || token.text === 'WITH') {
      return undefined
    } else if (token.text === 'INFILE') {
      throw frontError.clientFile('FROM INFILE')
    } else if (token.text === 'SETTINGS') {
      settingsAt ??= token.start
    } else if (token.text === 'VALUES' || token.text === 'FORMAT') {
      const name = token.text === 'FORMAT' ? tokens.next() : undefined
      if (name && (name.done === true || name.value.kind !== 'word')) return undefined
      const format = name ? text(name.value.start, name.value.end) : 'Values'
      const settings = settingsAt === undefined ? '' : text(settingsAt, token.start)
      return {
        kind: 'insert',
        before: text(0, settingsAt ?? token.start),
        after: `${settings} FORMAT ${format}`,
        format,
        data: startOfData(sql, name ? name.value.end : token.end),
      }
    }
  }
  return undefined
}

/** ClickHouse skips blanks up to and with the first line break after the format's name; the rest is data. */
function startOfData(sql: string, from: number): number {
  let at = from
  while (at < sql.length && /[ \t\r]/.test(sql.charAt(at))) at += 1
  if (sql.charAt(at) === ';' && sql.slice(at + 1).trim() === '') return sql.length
  return sql.charAt(at) === '\n' ? at + 1 : at
}

interface Tail {
  /** Where the statement ends, its semicolon left out. */
  readonly end: number
  readonly format: { readonly name: string; readonly start: number; readonly end: number } | undefined
}

/** Finds the end of a statement and a last clause `FORMAT name [SETTINGS ...]`. */
function readTail(sql: string): Tail {
  let end = 0
  let closed = false
  let format: Tail['format']
  let previous: Token | undefined
  let formatAt: number | undefined
  for (const token of tokensOf(sql)) {
    if (closed) throw frontError.multiStatement()
    if (token.depth === 0 && token.text === ';') {
      closed = true
      continue
    }
    if (token.depth === 0) {
      if (token.text === 'OUTFILE' && previous?.text === 'INTO') throw frontError.clientFile('INTO OUTFILE')
      // If a word other than SETTINGS follows `FORMAT name`, `format` was a column's name.
      if (format && format.end === previous?.end && token.text !== 'SETTINGS') format = undefined
      if (formatAt !== undefined && token.kind === 'word') {
        format = { name: sql.slice(token.start, token.end), start: formatAt, end: token.end }
      }
      const canBegin = token.text === 'FORMAT' && previous && !['.', ',', 'SELECT'].includes(previous.text)
      formatAt = canBegin ? token.start : undefined
    }
    previous = token
    end = token.end
  }
  return { end, format }
}
