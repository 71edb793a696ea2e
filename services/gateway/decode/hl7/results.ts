/** OBR and OBX as results: each becomes an observation, or a document where it encloses one. */

import type { LocalTime } from '#core/contract/local-time.ts'
import type { Item } from '../item.ts'
import { attachedText } from './attachment.ts'
import { type Code, codeOf } from './codes.ts'
import { locator } from './context.ts'
import { ATTACHMENT } from './document.ts'
import { entityOf } from './identifiers.ts'
import { OBSERVATION, RESULT_SYSTEMS } from './observation.ts'
import { buildRecord, type Context, refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { attachmentState, resultState } from './result-status.ts'
import { noValue, type ResultValue, readValue, TEXT_TYPES } from './result-value.ts'
import type { Segment } from './segment.ts'

export interface Result {
  readonly obx: Segment
  /** Further lines of the same text. */
  readonly more: readonly Segment[]
  readonly obr: Segment | undefined
  readonly orc: Segment | undefined
  /** NTE-3. */
  readonly notes: readonly string[]
}

export interface PatientResults {
  readonly pid: Segment | undefined
  readonly pv1: Segment | undefined
  readonly results: readonly Result[]
}

interface GrowingResult extends Result {
  readonly more: Segment[]
  readonly notes: string[]
}

/** Not a result: what the sharing of documents in France writes beside a document (MASQUE_PS, INVISIBLE_PATIENT, ...). */
const SHARING = 'MetaDMPMSS'

/** @returns the results of each patient of the message, in their order */
export function resultsOf(segments: readonly Segment[]): readonly PatientResults[] {
  const patients: { pid: Segment | undefined; pv1: Segment | undefined; results: GrowingResult[] }[] = []
  let orc: Segment | undefined
  let obr: Segment | undefined
  const current = () => patients.at(-1) ?? begin(undefined)
  const begin = (pid: Segment | undefined) => {
    const patient = { pid, pv1: undefined as Segment | undefined, results: [] as GrowingResult[] }
    patients.push(patient)
    return patient
  }
  let notes: string[] = []
  for (const segment of segments) {
    if (segment.name !== 'NTE') notes = []
    switch (segment.name) {
      case 'PID':
        begin(segment)
        orc = undefined
        obr = undefined
        break
      case 'PV1':
        current().pv1 = segment
        break
      case 'ORC':
        orc = segment
        break
      case 'OBR':
        obr = segment
        break
      case 'OBX': {
        const { results } = current()
        const last = results.at(-1)
        if (last && last.obr === obr && isNextLine(last, segment)) {
          last.more.push(segment)
          notes = last.notes
        } else results.push({ obx: segment, more: [], obr, orc, notes })
        break
      }
      case 'NTE':
        for (const one of segment.repetitions(3)) notes.push(one.text(1) ?? '')
        break
      default:
    }
  }
  return patients
}

/** @param context of the patient */
export function* resultItems(context: Context, results: readonly Result[], index: number): Generator<Item> {
  const seen = new Set<string>()
  for (const result of results) {
    const { obx } = result
    if (obx.text(3, 3) === SHARING) continue
    const feed = obx.text(2) === 'ED' ? 'document' : 'observation'
    const code = codeOf(obx, 3, feed === 'document' ? ['loinc'] : RESULT_SYSTEMS) ?? new Refusal('required', obx.at(3))
    const id = code instanceof Refusal ? code : resultId(result, context.nda, code)
    const twice = typeof id === 'string' && seen.has(id) ? new Refusal('ambiguous-identifier', obx.at(4)) : id
    if (typeof id === 'string') seen.add(id)
    if (code instanceof Refusal) yield refused(code, index, feed, '/code')
    else if (twice instanceof Refusal) yield refused(twice, index, feed, '/record_id')
    else
      yield feed === 'document'
        ? documentItem(context, result, code, twice, index)
        : observationItem(context, result, code, twice, index)
  }
}

function observationItem(context: Context, result: Result, code: Code, id: string, index: number): Item {
  const { obx, notes } = result
  const state = resultState(obx)
  if (state instanceof Refusal) return refused(state, index, 'observation', '/status')
  const { operation, status, needsValue } = state
  const read = operation === 'cancel' ? noValue() : valueOf(result, context.settings.localTime)
  const value = read instanceof Refusal && read.fault === 'required' && !needsValue ? noValue() : read
  if (value instanceof Refusal) return refused(value, index, 'observation')
  const source = sourceOf(context, result, code, `observation/${id}`)
  return buildRecord(OBSERVATION, { ...source, status, value, notes, operation }, index)
}

function documentItem(context: Context, result: Result, code: Code, id: string, index: number): Item {
  const { obx } = result
  const state = attachmentState(obx)
  if (state instanceof Refusal) return refused(state, index, 'document', '/doc_status')
  const { operation, status } = state
  const content = operation === 'cancel' ? null : attachedText(obx, context.message.header.charset)
  if (content instanceof Refusal) return refused(content, index, 'document', '/text')
  const source = sourceOf(context, result, code, `document/${id}`)
  return buildRecord(ATTACHMENT, { ...source, status, content, operation }, index)
}

function sourceOf(context: Context, { obx, obr }: Result, code: Code, recordId: string) {
  return { ...context, locate: locator([obx, obr]), obx, obr, code, recordId }
}

function valueOf({ obx, more }: Result, local: LocalTime): ResultValue | Refusal {
  const first = readValue(obx, local)
  if (more.length === 0 || first instanceof Refusal) return first
  const lines = [first.text ?? '']
  for (const line of more) {
    const read = readValue(line, local)
    // An empty line separates paragraphs.
    lines.push(read instanceof Refusal ? '' : (read.text ?? ''))
  }
  return { ...first, text: lines.join('\n') }
}

/** The lines of a text: the same code, sub-identifier and status, one after the other, without an identifier of their own. */
function isNextLine({ obx, more }: Result, next: Segment): boolean {
  const type = next.text(2) ?? ''
  const before = more.at(-1) ?? obx
  return (
    TEXT_TYPES.includes(type) &&
    [2, 4, 11].every((field) => before.text(field) === next.text(field)) &&
    [1, 3].every((component) => before.text(3, component) === next.text(3, component)) &&
    next.text(21) === undefined
  )
}

/** @returns OBX-21; else order, panel, code and sub-identifier; a refusal for a result without an order and outside a stay */
function resultId({ obx, obr, orc }: Result, nda: string | null, { system, code }: Code): string | Refusal {
  const own = entityOf(obx, 21)
  if (own !== undefined) return own
  const order = entityOf(obr, 3) ?? entityOf(orc, 3) ?? entityOf(obr, 2) ?? entityOf(orc, 2)
  const stay = obr === undefined && nda !== null ? `stay/${nda}` : undefined
  const parent = order ?? stay
  if (parent === undefined)
    return obr === undefined ? new Refusal('required', obx.at(21)) : new Refusal('required', obr.at(3))
  return [parent, obr?.text(4) ?? '', system, code, obx.text(4) ?? ''].join('/')
}
