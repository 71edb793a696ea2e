/** MDM -> `document`: the events that bring the content, and the cancellation. */
import type { Item } from '../item.ts'
import { attachedText } from './attachment.ts'
import { contextOf, locator, type Received } from './context.ts'
import { DOCUMENT, type DocumentState, documentCode, documentId, documentState } from './document.ts'
import { buildRecord, refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { readValue, TEXT_TYPES } from './result-value.ts'
import type { Segment } from './segment.ts'

/** HL7 table 0003; the odd events only notify, without content. */
export const MDM_EVENTS: Readonly<Record<string, string>> = {
  T02: 'new document',
  T04: 'changed status',
  T06: 'addendum',
  T08: 'edited document',
  T10: 'replacement; the replaced document (TXA-13) is cancelled',
  T11: 'cancelled document',
}

const CANCELLED: DocumentState = { operation: 'cancel', status: null }

export function* mdmItems(received: Received): Generator<Item> {
  const { message, index } = received
  const { event, segment } = message.header
  const refuse = (refusal: Refusal, pointer = '') => refused(refusal, index, 'document', pointer)
  if (!Object.hasOwn(MDM_EVENTS, event)) {
    yield refused(new Refusal('unmapped-message', segment.at(9, 2), Object.keys(MDM_EVENTS)), index)
    return
  }
  const txa = message.first('TXA')
  const context = contextOf(received, message.first('PID'), message.first('PV1'))
  if (context instanceof Refusal) {
    yield refuse(context, '/patient_ipp')
    return
  }
  if (txa === undefined) {
    yield refuse(new Refusal('required', { segment: 'TXA', occurrence: 1, field: 0 }))
    return
  }
  const code = documentCode(txa)
  const state = event === 'T11' ? CANCELLED : documentState(txa)
  const content = state instanceof Refusal ? null : contentOf(received, state)
  if (code instanceof Refusal) yield refuse(code, '/kind')
  else if (state instanceof Refusal) yield refuse(state, '/doc_status')
  else if (content instanceof Refusal) yield refuse(content, '/text')
  else {
    const source = { ...context, locate: locator([txa]), txa, code }
    yield buildRecord(DOCUMENT, { ...source, ...state, content, recordId: documentId(txa) }, index)
    if (event === 'T10')
      yield buildRecord(DOCUMENT, { ...source, ...CANCELLED, content: null, recordId: documentId(txa, 13) }, index)
  }
}

/**
 * @returns the texts of all OBX, one below the other; null for a cancellation, and for what is not finished and has no text yet; a refusal where one
 *   of them is no text, so that no half of a document is kept
 */
function contentOf({ message, settings }: Received, { operation, status }: DocumentState): string | null | Refusal {
  const all: readonly Segment[] = message.all('OBX')
  if (operation === 'cancel' || (status === 'preliminary' && all.length === 0)) return null
  const texts: string[] = []
  for (const obx of all) {
    const type = obx.text(2) ?? ''
    const read = type === 'ED' ? attachedText(obx, message.header.charset) : readValue(obx, settings.localTime)
    if (read instanceof Refusal) {
      const emptyLine = TEXT_TYPES.includes(type) && read.fault === 'required'
      if (!emptyLine) return read
      texts.push('')
    } else if (typeof read === 'string') texts.push(read)
    else if (TEXT_TYPES.includes(type)) texts.push(read.text ?? '')
    else return new Refusal('unmapped-value', obx.at(2), [...TEXT_TYPES, 'ED'])
  }
  const text = texts.join('\n').trim()
  return text === '' ? new Refusal('required', all[0]?.at(5) ?? { segment: 'OBX', occurrence: 1, field: 5 }) : text
}
