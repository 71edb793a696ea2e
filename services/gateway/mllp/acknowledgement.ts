/** The acknowledgement of a message (HL7 2.5, 2.9.2 and 2.9.3): MSH, MSA and an ERR for each error. */
import { parseLocation } from '../decode/hl7/location.ts'
import type { Segment } from '../decode/hl7/segment.ts'
import { type Separators, USUAL } from '../decode/hl7/separators.ts'
import type { AckCode, AckError, Outcome } from './outcome.ts'

/** Table 0357 in ERR-3. */
const CONDITIONS: Readonly<Record<string, string>> = {
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '207': 'Application internal error',
}
const MAX_ERRORS = 100
const COMMIT: Readonly<Record<AckCode, string>> = { AA: 'CA', AE: 'CE', AR: 'CR' }

/**
 * @param header of the message, its values as the bytes of its character set; undefined when it has none that can be read
 * @param now milliseconds since 1970
 * @param id unique among the acknowledgements of the gateway
 * @returns the acknowledgements that MSH-15 and MSH-16 ask for: in the original mode, without both, one of the application; in the enhanced mode
 *   the commit and the application's, each where it is asked for. The same bytes as in the message stand for what is repeated.
 */
export function acknowledgements(
  header: Segment | undefined,
  outcome: Outcome,
  now: number,
  id: string,
): readonly Buffer[] {
  const accept = header?.text(15)
  const application = header?.text(16)
  const enhanced = accept !== undefined || application !== undefined
  const codes = enhanced
    ? [
        ...(wanted(accept, outcome) ? [COMMIT[outcome.code]] : []),
        ...(wanted(application, outcome) ? [outcome.code] : []),
      ]
    : [outcome.code]
  return codes.map((code, at) =>
    acknowledgement(header, code ?? outcome.code, outcome, now, at === 0 ? id : `${id}.${at}`),
  )
}

/** HL7 table 0155: always, never, on success, on error. */
function wanted(condition: string | undefined, { code }: Outcome): boolean {
  return condition === 'AL' || (condition === 'SU' && code === 'AA') || (condition === 'ER' && code !== 'AA')
}

function acknowledgement(header: Segment | undefined, code: string, outcome: Outcome, now: number, id: string): Buffer {
  const separators = header?.separators ?? USUAL
  const { field: f, component: c } = separators
  const raw = (number: number) => header?.raw(number) ?? ''
  const event = header?.text(9, 2)
  const type = event === undefined ? 'ACK' : `ACK${c}${escaped(event, separators)}`
  const encoding = raw(2) === '' ? '^~\\&' : raw(2)
  const msh = [
    'MSH',
    encoding,
    raw(5),
    raw(6),
    raw(3),
    raw(4),
    timeText(now),
    '',
    type,
    id,
    raw(11) || 'P',
    raw(12) || '2.5',
  ]
  if (raw(18) !== '') msh.push('', '', '', '', '', raw(18))
  const msa = ['MSA', code, raw(10)]
  const errors = outcome.errors
    .slice(0, MAX_ERRORS)
    .map((error) => errSegment(error, separators, isBefore25(header?.text(12))))
  const segments = [msh.join(f), msa.join(f), ...errors]
  return Buffer.from(`${segments.join('\r')}\r`, 'latin1')
}

/** Before 2.5 an ERR has one field: place and condition; later ones have a field for each, and the text. */
function errSegment(error: AckError, separators: Separators, old: boolean): string {
  const { field: f, component: c, subcomponent: s = '&' } = separators
  const place = parseLocation(error.location ?? '')
  const condition = [error.condition, CONDITIONS[error.condition] ?? '', 'HL70357']
  if (old) {
    const [segment, occurrence, field] = place ? [place.segment, place.occurrence, place.field || ''] : ['', '', '']
    return ['ERR', [segment, occurrence, field, condition.join(s)].join(c)].join(f)
  }
  const where = place
    ? [place.segment, place.occurrence, place.field || '', place.field ? 1 : '', place.component ?? ''].join(c)
    : ''
  const text = escaped(error.text, separators)
  return ['ERR', '', trimmed(where, c), condition.join(c), error.severity, '', '', '', text].join(f)
}

function isBefore25(version: string | undefined): boolean {
  return /^2\.[34]/.test(version ?? '')
}

function trimmed(text: string, separator: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === separator) end--
  return text.slice(0, end)
}

/** Our own texts are ASCII. The separators in them, as a pattern of a rule has, are escaped (2.5, 2.7.1), or replaced for a sender who does not escape. */
function escaped(text: string, { field, component, repetition, escape, subcomponent = '' }: Separators): string {
  const codes = new Map([
    [field, 'F'],
    [component, 'S'],
    [subcomponent, 'T'],
    [repetition, 'R'],
    [escape ?? '', 'E'],
  ])
  return Array.from(text.replaceAll(/[\r\n]/g, ' '), (character) => {
    const code = codes.get(character)
    if (code === undefined) return character
    return escape === undefined ? ' ' : `${escape}${code}${escape}`
  }).join('')
}

function timeText(now: number): string {
  return `${new Date(now).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}+0000`
}
