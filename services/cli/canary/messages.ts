/** Canaries in HL7 v2: an admission with its movement, diagnosis, procedure and results, a message of results, and a document. */
import type { CanaryBundle } from './bundle.ts'
import type { Inventor } from './invent.ts'
import { textWith } from './records.ts'

export type CanaryMessages = Omit<CanaryBundle, 'bundle'> & { readonly messages: readonly string[] }

/** Who sends, MSH-3 and MSH-4, when a listener accepts certain senders only. */
export interface Hl7Sender {
  readonly application: string
  readonly facility: string
}

/** @param sender without it these are canaries too @param at milliseconds since 1970, the time of the messages */
export function canaryMessages(invent: Inventor, at: number, sender?: Hl7Sender): CanaryMessages {
  const canaries: string[] = []
  const canary = (text = invent.word()) => {
    canaries.push(text)
    return text
  }
  const said = () => textWith(canary())
  const [ipp, nda, movement, diagnosis, procedure, document] = [
    canary(),
    canary(),
    canary(),
    canary(),
    canary(),
    canary(),
  ]
  const results = [canary(), canary(), canary()]
  const { application, facility } = sender ?? { application: canary(), facility: canary() }
  const when = new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  const head = (type: string) =>
    `MSH|^~\\&|${application}|${facility}|${canary()}|${canary()}|${when}||${type}|${canary()}|P|2.5|||||FRA|UNICODE UTF-8`
  const name = `${canary(invent.accented())}^${canary()}^${canary()}^^^^L`
  const address = `${canary()}^${canary()}^${canary()}^^69003^FRA^H`
  const nir = canary(invent.nir())
  const pid = `PID|1||${ipp}^^^${canary()}^PI~${nir}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS||${name}||19770321|F|||${address}||00${canary(invent.mobile())}^PRN^PH|||||${nda}^^^${canary()}^AN`
  const pv1 = `PV1|1|I|${canary()}^${canary()}|||${canary()}|${canary(invent.rpps())}^${canary()}^${canary()}${'|'.repeat(12)}${nda}${'|'.repeat(25)}20240506070809`
  const obx = (id: string, type: string, value: string) =>
    `OBX|1|${type}|718-7^${canary()}^LN|${canary()}|${value}|${canary()}|${canary()}|||${'|'}F|||20240506070809||${canary()}^${canary()}|||||${id}`
  const messages = [
    [
      head('ADT^A01^ADT_A01'),
      `EVN||${when}|||${canary()}^${canary()}`,
      pid,
      `NK1|1|${canary()}^${canary()}|MTH|${canary()}|00${canary(invent.mobile())}`,
      pv1,
      `ZBE|${movement}|20240506070809||INSERT|N||${canary()}^${canary()}|${canary()}|HMS`,
      `DG1|1||E119^${said()}^I10|${said()}|20240506|A${'|'.repeat(14)}${diagnosis}|A`,
      `PR1|1||HHFA016^${said()}^CCAM|${said()}|20240506070809||||||||||||||${procedure}|A`,
      obx(results[0] ?? '', 'ST', said()),
      `NTE|1||${said()}`,
    ],
    [
      head('ORU^R01^ORU_R01'),
      pid,
      pv1,
      `OBR|1|${canary()}|${canary()}|718-7^${said()}^LN|||20240506070809|||${canary()}^${canary()}`,
      obx(results[1] ?? '', 'NM', canary(invent.nir())),
      obx(results[2] ?? '', 'CE', `${canary()}^${canary()}^${canary()}`),
      `NTE|1||${said()}`,
    ],
    [
      head('MDM^T02^MDM_T02'),
      `EVN||${when}`,
      pid,
      pv1,
      `TXA|1|34117-2^${canary()}^LN|TX|20240506070809|${canary()}^${canary()}||||${canary()}|||${document}|||${canary()}.pdf||LA`,
      `OBX|1|TX|34117-2^${canary()}^LN||${said()}||||||F`,
    ],
  ]
  return {
    messages: messages.map((segments) => `${segments.join('\r')}\r`),
    canaries,
    ipp,
    records: [
      { feed: 'patient', recordId: ipp },
      { feed: 'encounter', recordId: `stay/${nda}` },
      { feed: 'encounter', recordId: `movement/${movement}` },
      { feed: 'diagnosis', recordId: `diagnosis/${diagnosis}` },
      { feed: 'procedure', recordId: `procedure/${procedure}` },
      ...results.map((id) => ({ feed: 'observation', recordId: `observation/${id}` })),
      { feed: 'document', recordId: `document/${document}` },
    ],
  }
}
