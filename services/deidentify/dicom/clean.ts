/**
 * A data set after the Basic Application Confidentiality Profile (PS3.15, E.1) with the option Retain Longitudinal Temporal Information with
 * Modified Dates. It is built element by element, and what is in no table is left out: private elements, elements that the standard does not
 * have, those of another representation than the standard's, and free text, names, dates and addresses that the profile does not name.
 */
import { moved } from './dates.ts'
import { actionOf, isLongitudinal, vrOf } from './dictionary.ts'
import type { Element } from './elements.ts'

/** What identities and dates of one patient are replaced by. */
export interface Replacement {
  /** The same for the same UID of a producer. @returns of the root 2.25 */
  readonly uid: (uid: string) => string
  /** In the place of (0010,0020). */
  readonly patientId: string
  /** By which the dates of this patient are moved. */
  readonly days: number
}

/** Representations that hold text of any content, names, addresses or dates: kept only where the profile says how. */
const NEVER_UNNAMED: ReadonlySet<string> = new Set('AE AS DA DT LT PN ST TM UC UN UR UT'.split(' '))
const TEXTS: ReadonlySet<string> = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT'.split(' '))
/** Most representations have a length of two bytes. */
const LONGEST_SHORT = 0xfffe
const DATES: ReadonlySet<string> = new Set(['DA', 'DT', 'TM'])
/** Classes of objects, encodings and coding schemes, which a vendor or a country may have, too. */
const CLASS_UIDS: ReadonlySet<number> = new Set([
  ...[0x00080016, 0x0008001a, 0x0008001b, 0x00080062, 0x0008010c, 0x0008010d, 0x00080117, 0x00081150, 0x0008115a],
])
const STANDARD_UID = /^1\.2\.840\.10008\./
const FIRST_GROUP = 0x0008
/** The delimiters and signatures of the end. */
const LAST_GROUP = 0x7fe0
/** Curves, and what is drawn over pixels: the values of some are removed by the profile, and the rest is nothing without them. */
const DRAWN = [0x50, 0x60]
/** Sampled audio and curves of the body. */
const WAVEFORMS = 0x5400
const PATIENT_NAMES: ReadonlySet<number> = new Set([0x00100010, 0x00101001, 0x00101005])
const PATIENT_NUMBERS: ReadonlySet<number> = new Set([0x00100020, 0x00080050, 0x00380010, 0x00101000])
const SHORTEST_NAME = 3
/** Each is looked for in each text. */
const MOST_IDENTIFIERS = 64
const SHORTEST_NUMBER = 4
/** Dummy values (action D) by representation. */
const DUMMIES: Readonly<Record<string, string>> = {
  ...{ AE: 'REMOVED', CS: 'REMOVED', LO: 'REMOVED', LT: 'REMOVED', PN: 'REMOVED', SH: 'REMOVED', ST: 'REMOVED' },
  ...{ UC: 'REMOVED', UT: 'REMOVED', AS: '000Y', DS: '0', IS: '0' },
  ...{ DA: '19000101', DT: '19000101', TM: '000000' },
}

/** @returns the elements that stay; none of those that say how the data set was de-identified */
export function cleanElements(elements: readonly Element[], by: Replacement): readonly Element[] {
  return clean(elements, by, [...new Set(identifiersOf(elements))].slice(0, MOST_IDENTIFIERS))
}

function clean(elements: readonly Element[], by: Replacement, known: readonly string[]): readonly Element[] {
  return elements.flatMap((element) => cleanElement(element, by, known) ?? [])
}

function cleanElement(given: Element, by: Replacement, known: readonly string[]): Element | undefined {
  const element = named(given)
  const { tag } = element
  const vr = representationOf(element)
  if (vr === undefined || !isOfImage(tag)) return undefined
  if (isLongitudinal(tag) && DATES.has(vr)) return withText(element, dateOf(element, vr, by.days) ?? '')
  const action = actionOf(tag)
  switch (action) {
    case undefined:
      return keep(element, vr, by, known)
    case 'X':
      return undefined
    case 'U':
      return withText(element, uidsOf(element, by))
    case 'X/Z/U*':
      return keep(element, vr, by, known)
    case 'Z':
    case 'X/Z':
      return empty(element)
    case 'D':
    case 'X/D':
    case 'Z/D':
    case 'X/Z/D':
      return tag === 0x00100020 ? withText(element, by.patientId) : dummy(element, vr)
  }
}

/** @returns a text of an unknown representation (UN), which systems between write, with that of the standard: its bytes are the same */
function named(element: Element): Element {
  const { tag, vr, value } = element
  const standard = vrOf(tag)
  if (vr !== 'UN' || standard === undefined || !TEXTS.has(standard)) return element
  return 'bytes' in value && value.bytes.length <= LONGEST_SHORT ? { tag, vr: standard, value } : element
}

/** @returns that of the standard when the element has it, or has none; undefined for any other */
function representationOf({ tag, vr, value }: Element): string | undefined {
  const standard = vrOf(tag)?.split('|')
  if (standard === undefined || (vr !== undefined && !standard.includes(vr))) return undefined
  const [first = ''] = standard
  return (first === 'SQ') === 'items' in value ? (vr ?? first) : undefined
}

function isOfImage(tag: number): boolean {
  const group = tag >>> 16
  if (group < FIRST_GROUP || group > LAST_GROUP || group === WAVEFORMS) return false
  return group % 2 === 0 && (tag & 0xffff) !== 0 && !DRAWN.includes(group >>> 8)
}

/** An element that the profile leaves as it is. */
function keep(element: Element, vr: string, by: Replacement, known: readonly string[]): Element | undefined {
  const { value } = element
  if (NEVER_UNNAMED.has(vr)) return undefined
  if ('items' in value) return { ...element, value: { items: value.items.map((item) => clean(item, by, known)) } }
  if (vr === 'UI' && !CLASS_UIDS.has(element.tag)) return withText(element, uidsOf(element, by))
  if (vr !== 'LO' && vr !== 'SH') return element
  const text = textOf(element).toUpperCase()
  return known.some((one) => text.includes(one)) ? undefined : element
}

/** The names and numbers of the patient, wherever they are in the file: an element with one of them is not kept. */
function identifiersOf(elements: readonly Element[]): readonly string[] {
  return elements.flatMap((element): readonly string[] => {
    const { tag, value } = element
    if ('items' in value) return value.items.flatMap(identifiersOf)
    const text = textOf(element).toUpperCase()
    if (PATIENT_NAMES.has(tag)) return text.split(/[\^=\\\s-]+/).filter((name) => name.length >= SHORTEST_NAME)
    return PATIENT_NUMBERS.has(tag) ? text.split('\\').filter((number) => number.length >= SHORTEST_NUMBER) : []
  })
}

function dateOf(element: Element, vr: string, days: number): string | undefined {
  const written = textOf(element)
  if (written === '') return ''
  const values = written.split('\\').map((one) => moved(vr, one, days))
  return values.every((one) => one !== undefined) ? values.join('\\') : undefined
}

function uidsOf(element: Element, by: Replacement): string {
  const uids = textOf(element).split('\\')
  return uids.map((uid) => (uid === '' || STANDARD_UID.test(uid) ? uid : by.uid(uid))).join('\\')
}

function empty(element: Element): Element {
  return { ...element, value: 'items' in element.value ? { items: [] } : { bytes: Buffer.alloc(0) } }
}

/** A sequence has no value that says nothing but that without items. */
function dummy(element: Element, vr: string): Element {
  const { value } = element
  if ('items' in value) return empty(element)
  const text = DUMMIES[vr]
  if (text !== undefined) return withText(element, text)
  return { ...element, value: { bytes: Buffer.alloc('bytes' in value ? value.bytes.length : 0) } }
}

/** @returns the text without what pads it; values are of ASCII, or only compared with each other */
function textOf({ value }: Element): string {
  return 'bytes' in value
    ? value.bytes
        .toString('latin1')
        .replace(/[\0 ]+$/, '')
        .trimStart()
    : ''
}

/** @param text of ASCII */
export function withText({ tag, vr }: Omit<Element, 'value'>, text: string): Element {
  const isUid = (vr ?? vrOf(tag)) === 'UI'
  return { tag, vr, value: { bytes: Buffer.from(text.length % 2 === 0 ? text : `${text}${isUid ? '\0' : ' '}`) } }
}
