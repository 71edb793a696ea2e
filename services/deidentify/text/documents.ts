/** Lines of input and output of `chainon deid text`. */
import { codePointsOf } from './code-points.ts'
import { type Resources, scanParts } from './engine.ts'
import { type Known, knownOf } from './known/known.ts'
import { replaceSpans } from './replace.ts'
import { surrogatesOf } from './surrogates/surrogates.ts'
import type { Kind, Language, Layer, Span } from './types.ts'
import { uncertaintyOf } from './uncertainty.ts'

export interface DocumentOptions {
  readonly language: Language
  readonly layers?: ReadonlySet<Layer>
  /** The scrubbed text in place of the spans. */
  readonly replace: boolean
  /** With it surrogates replace the spans: the key of a patient. */
  readonly surrogateKey?: (patient: string) => Buffer
  /** How uncertain the scrubber is of what it let stand, beside. */
  readonly withUncertainty?: boolean
}

export type LineResult =
  | {
      readonly ok: true
      readonly output: string
      readonly counts: ReadonlyMap<Kind, number>
      /** Names of fields beside `id`, `text`, `known` and `patient`: what they contain is not read. */
      readonly unread: readonly string[]
    }
  /** Names what is wrong, never a value. */
  | { readonly ok: false; readonly problem: string }

interface Input {
  readonly id: string | number
  readonly text: string
  readonly known: Known | undefined
  /** Where none is named, the text is of a patient of its own. */
  readonly patient: string
  readonly unread: readonly string[]
}

/**
 * @param line `{"id": string | number, "text": string, "known"?: traits, "patient"?: string | number}`
 * @returns `{"id", "spans": [{"start", "end", "kind"}]}`, offsets in code points, or `{"id", "text"}`, with `"uncertainty"` where it is wanted
 */
export function readDocument(line: string, resources: Resources, options: DocumentOptions): LineResult {
  const input = parse(line)
  if (typeof input === 'string') return { ok: false, problem: input }
  const { id, text, known, patient, unread } = input
  const spans: Span[] = []
  const written: string[] = []
  const inPoints = codePointsOf(text)
  const counts = new Map<Kind, number>()
  let [words, doubtful] = [0, 0]
  for (const part of scanParts(text, resources, { ...options, ...(known ? { known } : {}) })) {
    for (const { kind } of part.spans) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    words += part.doubts.words
    doubtful += part.doubts.doubtful
    if (options.replace) for (const span of part.spans) spans.push(span)
    // Written part by part: a long text has millions of spans, and as objects they take more than as text.
    else if (part.spans.length > 0) written.push(JSON.stringify(inPoints(part.spans)).slice(1, -1))
  }
  const surrogate = options.surrogateKey && surrogatesOf(options.surrogateKey(patient), options.language, known)
  const found = options.replace
    ? `"text":${JSON.stringify(replaceSpans(text, spans, surrogate))}`
    : `"spans":[${written.join(',')}]`
  const beside = options.withUncertainty ? `,"uncertainty":${round(uncertaintyOf({ words, doubtful }))}` : ''
  return { ok: true, output: `{"id":${JSON.stringify(id)},${found}${beside}}`, counts, unread }
}

const round = (value: number): number => Math.round(value * 100) / 100

function parse(line: string): Input | string {
  let value: unknown
  try {
    // Some programs begin a file with a byte order mark.
    value = JSON.parse(line.replace(/^\uFEFF/, ''))
  } catch {
    return 'is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a JSON object'
  const { id, text, known, patient, ...others } = value as Record<string, unknown>
  if (typeof id !== 'string' && typeof id !== 'number') return 'id is missing, or neither a string nor a number'
  if (typeof text !== 'string') return 'text is missing or not a string'
  if (patient !== undefined && typeof patient !== 'string' && typeof patient !== 'number')
    return 'patient is neither a string nor a number'
  try {
    return {
      id,
      text,
      patient: patient === undefined ? `id ${id}` : `patient ${patient}`,
      known: known === undefined || known === null ? undefined : knownOf(known),
      unread: Object.keys(others),
    }
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
}
