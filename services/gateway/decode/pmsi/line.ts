/** The lines of a body: what each is, whether it has the length that it says, and its values by their columns. */
import { isUtf8 } from 'node:buffer'
import {
  ACT_CHARACTERS,
  type Columns,
  DIAGNOSIS_CHARACTERS,
  FIXED,
  kindOf,
  type LineKind,
  RSS,
  SERVICE_CHARACTERS,
  textAt,
  VID_HOSP,
} from '#core/pmsi/layout.ts'
import { bomLength } from '../ndjson.ts'
import { Refusal } from './refusal.ts'

export interface Line {
  /** Number in the body, from 0; empty lines do not count. */
  readonly index: number
  readonly kind: LineKind
  readonly text: string
}

export interface RefusedLine {
  readonly index: number
  readonly kind: LineKind | undefined
  /** As far as it can be read. */
  readonly text: string
  readonly refusal: Refusal
}

const NEWLINE = 0x0a

/**
 * Characters are counted, not bytes: a line that is UTF-8 is read as such, any other one as ISO 8859-1.
 *
 * @param maxBytes longest line; a longer one is refused without being read
 */
export function* linesOf(body: Buffer, maxBytes: number): Generator<Line | RefusedLine> {
  let start = bomLength(body)
  let index = 0
  while (start < body.length) {
    const newline = body.indexOf(NEWLINE, start)
    const end = newline === -1 ? body.length : newline
    const bytes = body.subarray(start, end)
    start = end + 1
    if (bytes.length > maxBytes) {
      yield { index: index++, kind: undefined, text: '', refusal: new Refusal('record-too-large') }
      continue
    }
    const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').replace(/\r$/, '')
    if (text.trim() === '') continue
    yield lineOf(text, index++)
  }
}

function lineOf(text: string, index: number): Line | RefusedLine {
  const kind = kindOf(text)
  const refusal = kind === undefined ? new Refusal('malformed-pmsi') : checked(text, kind)
  if (refusal !== undefined) return { index, kind, text, refusal }
  return { index, kind: kind as LineKind, text }
}

function checked(text: string, kind: LineKind): Refusal | undefined {
  const line = { text }
  const at = (columns: Columns) => text.slice(columns[0] - 1, columns[1])
  const counted = (columns: Columns): number => {
    const digits = at(columns)
    return /^\d+$/.test(digits) ? Number(digits) : Number.NaN
  }
  if (kind === 'VID-HOSP') {
    if (textAt(line, VID_HOSP.version) !== 'V015') return new Refusal('unsupported-format', VID_HOSP.version, ['V015'])
    const count = counted(VID_HOSP.services)
    if (text.length >= FIXED[kind] && Number.isNaN(count)) return new Refusal('type', VID_HOSP.services)
    return text.length === FIXED[kind] + SERVICE_CHARACTERS * count ? undefined : new Refusal('line-length')
  }
  // An RSS that is not grouped has the version of the RUM here, and no GHM.
  if (at(RSS.version) !== '123') return new Refusal('unsupported-format', RSS.version, ['123'])
  if (at(RSS.rumVersion) !== '023') return new Refusal('unsupported-format', RSS.rumVersion, ['023'])
  const counts = [RSS.associated, RSS.documentary, RSS.acts]
  const wrong = counts.find((columns) => Number.isNaN(counted(columns)))
  if (text.length >= FIXED[kind] && wrong) return new Refusal('type', wrong)
  const { diagnoses, acts } = zonesOf(line)
  const expected = FIXED[kind] + DIAGNOSIS_CHARACTERS * diagnoses.length + ACT_CHARACTERS * acts.length
  return text.length === expected ? undefined : new Refusal('line-length')
}

/** @returns the columns of each diagnosis and each act after the fixed part of an RSS, as many as it says */
export function zonesOf(line: Pick<Line, 'text'>) {
  const associated = Number(textAt(line, RSS.associated)) || 0
  const documentary = Number(textAt(line, RSS.documentary)) || 0
  const actCount = Number(textAt(line, RSS.acts)) || 0
  const zone = (start: number, length: number, at: number): Columns => [
    start + length * at,
    start + length * (at + 1) - 1,
  ]
  const diagnosisStart = FIXED.RSS + 1
  const actStart = diagnosisStart + DIAGNOSIS_CHARACTERS * (associated + documentary)
  return {
    diagnoses: Array.from({ length: associated + documentary }, (_, at) => ({
      kind: at < associated ? ('associated' as const) : ('documentary' as const),
      /** Number among those of its kind, from 1. */
      number: at < associated ? at + 1 : at - associated + 1,
      columns: zone(diagnosisStart, DIAGNOSIS_CHARACTERS, at),
    })),
    acts: Array.from({ length: actCount }, (_, at) => zone(actStart, ACT_CHARACTERS, at)),
  }
}
