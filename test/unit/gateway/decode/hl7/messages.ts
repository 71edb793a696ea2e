/** Messages of invented persons, one per event, in the form of the French profile of PAM 2.5 unless their name says otherwise. */

import { localTime } from '#core/contract/local-time.ts'
import { hl7Items } from '../../../../../services/gateway/decode/hl7/items.ts'
import type { Settings } from '../../../../../services/gateway/decode/hl7/settings.ts'
import type { Item } from '../../../../../services/gateway/decode/item.ts'

const RECEIVED_AT = Date.parse('2025-03-01T12:00:00Z')
const SETTINGS: Settings = { charset: 'ASCII', localTime: localTime('Europe/Paris'), ippAuthorities: [] }

export function msh(type: string, id = 'MSG1', more = '2.5^FRA^2.11||||||UNICODE UTF-8'): string {
  return `MSH|^~\\&|GAM|CHU-X|CHAINON|EDS|20250201101112||${type}|${id}|P|${more}`
}

export const PID =
  'PID|1||8000123^^^CHU-X&1.2.3.4&ISO^PI~279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS||' +
  'DUPONT^MARIE^MARIE JEANNE^^^^L~MARTIN^MARIE^^^^^D||19790315|F|||12 RUE DES LILAS^^LYON^^69003^FRA^H~^^^^^^BDL^^51215||' +
  '0601020304^PRN^PH~^NET^Internet^marie@example.org|||||NDA77^^^CHU-X&1.2.3.4&ISO^AN||||||||||||||VALI'
export const PV1 = `PV1|1|I|3110^12^A^CHU-X||||||||||||||||VN55^^^CHU-X^VN${'|'.repeat(25)}20250131093000`
export const EVN = 'EVN||20250201101000||||20250131093000'

export function zbe(action: string, id = 'MVT9', historic = 'N'): string {
  return `ZBE|${id}^CHU-X|20250131093000||${action}|${historic}|A01|^^^^^^UF^^^3110|||HMS`
}

export function adt(event: string, ...segments: readonly string[]): string {
  return [msh(`ADT^${event}`), EVN, PID, ...segments].join('\r')
}

/** Of the patient of `PID` and 8000999: a merge, or a link with a second PID. */
export function merge(event: string, ...segments: readonly string[]): string {
  const other = ['A40', 'A47'].includes(event) ? 'MRG|8000999^^^CHU-X^PI' : 'PID|2||8000999^^^CHU-X^PI||DUPOND^MARIE'
  return [msh(`ADT^${event}`), EVN, PID, other, ...segments].join('\r')
}

export function oru(...segments: readonly string[]): string {
  return [
    msh('ORU^R01^ORU_R01'),
    PID,
    PV1,
    'OBR|1|PL1^LABO|FI1^LABO|58410-2^NFS^LN|||20250201080000',
    ...segments,
  ].join('\r')
}

export function mdm(event: string, txa: string, ...segments: readonly string[]): string {
  return [msh(`MDM^${event}`), EVN, PID, PV1, txa, ...segments].join('\r')
}

/** @param type ORM^O01, OML^O21 or OMP^O09 */
export function orders(type: string, ...segments: readonly string[]): string {
  return [msh(type), PID, PV1, ...segments].join('\r')
}

/** Paracetamol, 500 to 1000 mg by mouth, for three days. */
export const PRESCRIPTION = [
  'ORC|NW|PL7^CPOE|FI7^PHARM||IP||||20250201090000||||||20250201093000',
  'TQ1|1|||Q8H|||20250201120000|20250204120000',
  'RXO|N02BE01^Paracétamol^ATC|500|1000|mg|||^si douleur',
  'NTE|1||à distance des repas',
  'RXR|PO^Per os^HL70162',
]

/** Paracetamol by mouth, given and dispensed. @param type RAS^O17 or RDS^O13 */
export function given(type: string, ...segments: readonly string[]): string {
  return [msh(type), PID, PV1, 'ORC|RE|PL7^CPOE|FI7^PHARM', ...segments].join('\r')
}
export const ADMINISTERED =
  'RXA|1|2|20250201120000|20250201120500|N02BE01^Paracétamol^ATC|500|mg||^à jeun|||||||||||CP|A'
export const DISPENSED = 'RXD|3|N02BE01^Paracétamol^ATC|20250201113000|12|TAB||RX1||retirer la notice'

/** @returns a TXA of a complete document with this status and identifier */
export function txa(status = 'AU', id = 'DOC1', parent = ''): string {
  return `TXA|1|11502-2^CR biologie^LN|TX|20250201090000||20250201091500|||10003456789^DOC^^^^^^^ASIP&1.2.250.1.71.4.2.1&ISO|||${id}^CHU-X|${parent}||||${status}`
}

export function itemsOf(
  message: string | Buffer,
  settings: Partial<Settings> = {},
  onUnmapped: (path: string) => void = () => undefined,
): readonly Item[] {
  const body = typeof message === 'string' ? Buffer.from(message) : message
  return [...hl7Items(body, { ...SETTINGS, ...settings }, RECEIVED_AT, 1_000_000, onUnmapped)]
}

/** @returns the records by feed, and of what is refused its feed, place and rule */
export function outcome(message: string | Buffer, settings: Partial<Settings> = {}) {
  const items = itemsOf(message, settings)
  return {
    records: items.flatMap((item) =>
      item.kind === 'decoded' ? [[item.feed, item.raw as Record<string, unknown>]] : [],
    ) as [string, Record<string, unknown>][],
    refused: items.flatMap((item) =>
      item.kind === 'undecodable' ? [`${item.feed ?? '-'} ${item.path ?? '-'} ${item.fault}`] : [],
    ),
  }
}
