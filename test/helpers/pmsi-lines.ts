/** Lines of the PMSI, written by their columns: VID-HOSP V015, and grouped RSS 123. */

/** Values by their first column, each padded with spaces at its right, or with zeros at its left. */
type Values = Readonly<Record<number, string>>

export interface Act {
  readonly date?: string
  readonly code: string
  readonly extension?: string
  readonly phase?: string
  readonly activity?: string
  readonly quantity?: string
}

export interface Zones {
  readonly associated?: readonly string[]
  readonly documentary?: readonly string[]
  readonly acts?: readonly Act[]
}

/** An invented woman, born on 15 March 1979, in hospital from 3 to 9 February 2026. */
const PERSON: Values = { 20: '15031979', 28: '2', 29: 'NDA77', 62: '279031234567811', 354: '8000123' }

/** @param more values by their first column @param services zones of 50 characters */
export function vidHosp(more: Values = {}, services = 1): string {
  const zones = Array.from({ length: services }, () => '174190302202609022026006'.padEnd(50, '0')).join('')
  const fixed = { 1: '279031234567811', 49: 'V015', 53: '750712184', 467: String(services).padStart(2, '0') }
  return written(468, { ...fixed, ...PERSON, ...more }) + zones
}

/** @param more values by their first column */
export function rum(more: Values = {}, zones: Zones = {}): string {
  const { associated = [], documentary = [], acts = [] } = zones
  const count = (list: readonly unknown[], digits: number) => String(list.length).padStart(digits, '0')
  const fixed = {
    1: '11',
    3: '05M092',
    10: '123',
    13: '000',
    16: '750712184',
    25: '023',
    28: '4711',
    48: 'NDA77',
    68: '1',
    78: '15031979',
    86: '2',
    87: '3110',
    93: '03022026',
    101: '8',
    103: '09022026',
    111: '8',
    113: '69003',
    118: '0000',
    122: '00',
    132: '00',
    134: count(associated, 2),
    136: count(documentary, 2),
    138: count(acts, 3),
    141: 'I500',
    157: '000',
  }
  const diagnoses = [...associated, ...documentary].map((code) => code.padEnd(8))
  return written(205, { ...fixed, ...more }) + diagnoses.join('') + acts.map(act).join('')
}

function act({ date = '04022026', code, extension = '', phase = '0', activity = '1', quantity = '01' }: Act): string {
  return written(32, { 1: date, 9: code, 16: extension, 19: phase, 20: activity, 28: quantity })
}

function written(length: number, values: Values): string {
  let text = ' '.repeat(length)
  for (const [from, value] of Object.entries(values)) {
    const at = Number(from) - 1
    text = text.slice(0, at) + value + text.slice(at + value.length)
  }
  return text
}
