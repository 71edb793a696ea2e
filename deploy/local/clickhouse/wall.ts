/**
 * What the engine's grants and constraints do not cover, found in the text that the engine's own parser makes of a statement: one
 * statement, without comments, every name in its plain form. The caller's own text is never searched.
 */
import { frontError } from './errors.ts'
import { type Token, tokensOf } from './tokens.ts'

/** The names of the running engine that the wall must know. */
export interface EngineNames {
  /** Functions after FROM, in lower case. */
  readonly tableFunctions: ReadonlySet<string>
  /** Functions that reach files or other programs, and their aliases. */
  readonly closedFunctions: ReadonlySet<string>
}

export interface WallRequest {
  /** The statement as the engine's parser writes it. */
  readonly text: string
  /** An administrator sees all tables of `system`. */
  readonly admin: boolean
  /** The role sees a part of `system.processes`: which part, the grants say. */
  readonly processes?: boolean
  /** The one file that the statement may name, and where. */
  readonly file?: { readonly clause: 'INFILE' | 'OUTFILE'; readonly path: string }
}

/** Statements that a caller may send; what each may do is decided by the engine's grants. */
export const STATEMENTS: ReadonlySet<string> = new Set(
  'SELECT WITH INSERT CREATE ALTER DROP RENAME EXCHANGE OPTIMIZE TRUNCATE DELETE EXISTS SHOW DESCRIBE EXPLAIN SYSTEM CHECK USE SET'.split(
    ' ',
  ),
)

/** Functions that are no table function, and that no grant covers. `SELECT name FROM system.functions` was read for it. */
export const CLOSED_FUNCTIONS = [
  'file',
  'catboostEvaluate',
  'evalMLMethod',
  'naiveBayesClassifier',
  'showCertificate',
  'logTrace',
  'aiClassify',
  'aiEmbed',
  'aiExtract',
  'aiGenerate',
  'aiTranslate',
]

/** Table functions that only count; every other one reaches a file, a server or a program, or has SQL in a text. */
export const OPEN_TABLE_FUNCTIONS = new Set(['numbers', 'numbers_mt', 'zeros', 'zeros_mt'])

const OPEN_ENGINES =
  /^(?:Replicated)?(?:Replacing|Summing|Aggregating|Collapsing|VersionedCollapsing|Coalescing)?MergeTree$|^Atomic$|^Memory$/i

/** Tables of `system` that describe what the caller may see anyway; `processes` and `errors` quote other callers' statements. */
const OPEN_SYSTEM_TABLES = new Set(
  'one numbers tables columns databases parts clusters macros replicas mutations merges functions table_functions settings merge_tree_settings'.split(
    ' ',
  ),
)

/**
 * @throws EngineError ACCESS_DENIED that names the rule
 */
export function checkStatement(request: WallRequest, names: EngineNames): void {
  const { admin, processes = false, file } = request
  // As in `tokensOf`: one character is one byte.
  const text = latin1(request.text)
  const tokens = [...tokensOf(text)]
  const nameAt = (at: number): string | undefined => nameOf(tokens[at], text)
  const verb = tokens.find(({ text: word }) => word !== '(')?.text ?? ''
  if (!STATEMENTS.has(verb)) throw frontError.closed(`a statement ${verb}`)
  let files = 0
  let selects = false
  for (const [at, token] of tokens.entries()) {
    const name = nameAt(at)?.toLowerCase()
    if (name === undefined) continue
    const after = tokens[at + 1]?.text
    // Where rows come from the spool, a name can only be a column's.
    if (file?.clause !== 'INFILE' && names.closedFunctions.has(name)) throw frontError.closed(`the function ${name}`)
    // A name that comes with the request is not in the text.
    if (name === 'identifier' && tokens[at - 1]?.text === ':') throw frontError.closed('a parameter of type Identifier')
    if (after === '(' && names.tableFunctions.has(name) && !OPEN_TABLE_FUNCTIONS.has(name))
      throw frontError.closed(`the table function ${name}`)
    if (!admin && name === 'system' && after === '.') {
      const table = nameAt(at + 2) ?? ''
      if (!OPEN_SYSTEM_TABLES.has(table) && !(processes && table === 'processes'))
        throw frontError.closed('this table of system')
    }
    if (token.kind !== 'word') continue
    if (token.text === 'SELECT') selects = true
    if (token.text === 'PROCESSLIST' && !admin) throw frontError.closed('SHOW PROCESSLIST')
    // The parser writes the keyword in capitals, and a column as it is.
    if (nameAt(at) === 'ENGINE' && after === '=' && !OPEN_ENGINES.test(nameAt(at + 2) ?? ''))
      throw frontError.closed('this engine')
    if (token.text === 'INFILE' || token.text === 'OUTFILE') {
      files++
      const value = literalOf(tokens[at + 1], text)
      if (token.text !== file?.clause || value !== latin1(file.path)) throw frontError.clientFile(`${token.text}`)
    }
  }
  if (files !== (file ? 1 : 0)) throw frontError.clientFile('a file')
  // Rows in the text of a statement go to the spool; more of them here means that the front has read the statement otherwise.
  if (verb === 'INSERT' && !file && !selects) throw frontError.closed('rows in this place')
}

/** @returns the names in the text of the engine's parser that a table of the warehouse can have */
export function namesIn(text: string): ReadonlySet<string> {
  const bytes = latin1(text)
  const names = [...tokensOf(bytes)].map((token) => nameOf(token, bytes) ?? '')
  return new Set(names.filter((name) => /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)))
}

/** @returns a word or a quoted name, undefined for a string or a symbol */
function nameOf(token: Token | undefined, text: string): string | undefined {
  if (token?.kind === 'word') return text.slice(token.start, token.end)
  if (token?.kind !== 'quoted' || text.charAt(token.start) === "'") return undefined
  return unescaped(text.slice(token.start + 1, token.end - 1))
}

function literalOf(token: Token | undefined, text: string): string | undefined {
  if (token?.kind !== 'quoted' || text.charAt(token.start) !== "'") return undefined
  return unescaped(text.slice(token.start + 1, token.end - 1))
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

const unescaped = (quoted: string): string => quoted.replace(/\\(.)/gs, '$1')
