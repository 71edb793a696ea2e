/** The published page of the format, made from the mapping's own tables. */
import { ADT_EVENTS, type AdtEvent } from '../../../../../services/gateway/decode/hl7/adt-events.ts'
import { CHARSET_NAMES } from '../../../../../services/gateway/decode/hl7/charset.ts'
import { CODE_SYSTEMS } from '../../../../../services/gateway/decode/hl7/codes.ts'
import { DIAGNOSIS } from '../../../../../services/gateway/decode/hl7/diagnosis.ts'
import { ATTACHMENT, COMPLETION, DOCUMENT } from '../../../../../services/gateway/decode/hl7/document.ts'
import { ADMINISTRATION, COMPLETIONS, DISPENSE, GIVEN } from '../../../../../services/gateway/decode/hl7/given-drugs.ts'
import { MDM_EVENTS } from '../../../../../services/gateway/decode/hl7/mdm.ts'
import { MEDICATION } from '../../../../../services/gateway/decode/hl7/medication.ts'
import { MERGE_EVENTS, type MergeEvent, PATIENT_MERGE } from '../../../../../services/gateway/decode/hl7/merge.ts'
import { MAX_FIELDS, MAX_REPETITIONS, MAX_SEGMENTS } from '../../../../../services/gateway/decode/hl7/message.ts'
import { MOVEMENT } from '../../../../../services/gateway/decode/hl7/movement.ts'
import { OBSERVATION } from '../../../../../services/gateway/decode/hl7/observation.ts'
import { ORDER_CONTROLS, ORDER_STATUSES } from '../../../../../services/gateway/decode/hl7/order-status.ts'
import { DEATH, PATIENT } from '../../../../../services/gateway/decode/hl7/patient.ts'
import { PROCEDURE } from '../../../../../services/gateway/decode/hl7/procedure.ts'
import type { FieldMap } from '../../../../../services/gateway/decode/hl7/record-map.ts'
import { RESULT_STATUS } from '../../../../../services/gateway/decode/hl7/result-status.ts'
import { VALUE_TYPES } from '../../../../../services/gateway/decode/hl7/result-value.ts'
import { STAY } from '../../../../../services/gateway/decode/hl7/stay.ts'

/** A mapping of any source: the page calls none of its functions. */
interface AnyMap {
  readonly feed: string
  readonly fields: Readonly<Record<string, Omit<FieldMap<never>, 'read'>>>
}
const MAPS: readonly (readonly [title: string, map: AnyMap])[] = [
  ['PID', PATIENT],
  ['PID with a day of death in PID-29', DEATH],
  ['PID and MRG, or two PID', PATIENT_MERGE],
  ['PV1', STAY],
  ['ZBE', MOVEMENT],
  ['DG1', DIAGNOSIS],
  ['PR1', PROCEDURE],
  ['OBX', OBSERVATION],
  ['OBX of type ED', ATTACHMENT],
  ['TXA and its OBX', DOCUMENT],
  ['ORC and RXO, with TQ1, RXR and NTE', MEDICATION],
  ['ORC and RXA, with RXR and NTE', ADMINISTRATION],
  ['ORC and RXD, with RXR and NTE', DISPENSE],
]

export const MAPPINGS: readonly AnyMap[] = MAPS.map(([, map]) => map)

/** A message in, and the records out. */
export interface Example {
  readonly message: string
  readonly records: readonly (readonly [string, Record<string, unknown>])[]
}

const ORDERS = ['ORM^O01', 'OML^O21', 'OMP^O09']

export function page(examples: readonly Example[]): string {
  return `# HL7 v2

Made from the tables of \`services/gateway/decode/hl7/\`; a test compares the two. Over HTTP: \`POST /v1/hl7\`. Over MLLP: services/gateway/README.md.
Versions 2.3 to 2.8 and the French profile of PAM 2.5, in ER7. What is refused is named by message, segment, occurrence, field, component and rule.

## Messages
${table(['message', 'meaning', 'records'], [...Object.entries(ADT_EVENTS).map(adtRow), ...Object.entries(MERGE_EVENTS).map(mergeRow), ['ORU^R01', 'results', 'observation, document'], ...Object.entries(MDM_EVENTS).map(([event, meaning]) => [`MDM^${event}`, meaning, 'document']), ...ORDERS.map((type) => [type, 'orders', 'medication; observation, document of its OBX']), ...Object.entries(GIVEN).map(([type, { segment }]) => [type, `${segment.kind} of drugs`, 'medication; observation, document of its OBX']), ['any other', '', 'refused: `unmapped-message`']])}
A message carries a snapshot: a field that is absent, and one that is deleted (\`""\`), are both null in the record. A historic movement (ZBE-5) is
kept, and leaves the stay as it is. A pre-admission, and a stay of class P, is refused as \`not-a-fact\`: its identity is kept.

A message has at most \`CHAINON_MAX_RECORD_BYTES\` bytes and ${MAX_SEGMENTS.toLocaleString('en')} segments, a segment at most ${MAX_FIELDS} fields and ${MAX_REPETITIONS.toLocaleString('en')} repetitions; a larger one is refused as \`record-too-large\`, with the bound. More results than that
are several messages.

## Merges
A merge says that two patient numbers of one producer are of one person. It becomes two records of \`patient_merge\`, one of each patient, by which the linkage makes them one person
([decision 63](../adr/0063-merges-are-evidence.md)); the records under each number stay under it, and no identity is taken from such a message: the identity that stays comes by A31.
A message may have several PID with their MRG. It is undone by A37 with the two PID, or by the same message with a ZBE whose ZBE-4 is \`CANCEL\`. Both numbers follow the rules for an IPP; of two authorities (\`other-authority\`), or
twice the same (\`same-identifier\`), they are refused. Other merges (of accounts and stays: A41, A42, A45) are not mapped.

Where an identifier was never that patient's: the records again under the right one, in
messages with their own identifiers (OBX-21, OBR-3, TXA-12, ORC-2), as newer versions; and a cancellation (A11, A12, OBX-11 \`W\`, T11) where the record itself was an error.

## Orders
An order of a drug (RXO) is a prescription. An order of an examination (OBR), of a meal (ODS, ODT) or of a supply (RQD, RQ1) is no fact yet: each is
refused as \`not-a-fact\`, whatever its status, and the rest of the message is taken. The OBX of any order are results, as those of an ORU; of ORC-1 PR and RE they are all
there is. Earlier results in an OML or OMP may have a PID of their own; the next order is of the patient of the message again. A second drug (RXO) under an
ORC, and a second order with the same number in a message, is refused (\`ambiguous-identifier\`).

Order control (ORC-1): ${Object.entries(ORDER_CONTROLS)
    .map(([code, status]) => `${code} ${status}`)
    .join(', ')}. Of a control that is active, ORC-5 says the status where it has a value: ${Object.entries(
    ORDER_STATUSES,
  )
    .map(([code, status]) => `${code} ${status}`)
    .join(', ')}.
Any other code is refused. An order that is cancelled is a record and no fact ([decision 27](../adr/0027-facts.md)); a later message about the same order is a newer version of its record.

${MAPS.map(([title, map]) => `## ${title} -> \`${map.feed}\`\n${fieldTable(map)}`).join('\n')}
## What was given
Each RXA of a RAS^O17 is an administration, each RXD of a RDS^O13 a dispense, under the number of its order (ORC-2, else ORC-3); what stands of the order itself beside it (RXO, RXE) is not read again. Completion of an administration (RXA-20):
${Object.entries(COMPLETIONS)
  .map(([code, status]) => `${code} ${status}`)
  .join(
    ', ',
  )}; what was not done is a record and no fact. RXA-21 \`D\` cancels it. RXA-2 tells the administrations of an order apart; where it is empty or 0, their time (RXA-3) does, so that a corrected time is another record.
The same identifier twice in a message is refused (\`ambiguous-identifier\`). A pharmacy’s encoded order (RDE) is refused as \`unmapped-message\`: it is the prescription again, under the same number.

## Values
Types of OBX-5: ${VALUE_TYPES.join(', ')}, and ED: a text or a CDA in Base64, Hex or as it is. A structured number (SN) is a number with its
comparator, a range (\`-\`) or a ratio (\`:\`, \`/\`); a grade (\`2+\`), a comparator of a range or a ratio, a time of day (TM) without seconds, a reference (RP), several
values that are no text, and a PDF or an image are refused (\`unmapped-value\`). A time is the first instant of what was written, with its precision; only
\`updated_at\` needs hour and minute (\`imprecise-date\`). A year or a month of birth alone is in \`birth_partial\`. A local time that the clock skips is
refused, one that comes twice is the first.

Status of a result (OBX-11, of a document in \`doc_status\`): ${Object.entries(RESULT_STATUS)
    .map(([status, meaning]) => `${status} ${meaning}`)
    .join(', ')}. What is not final or corrected is a record and no
fact ([decision 27](../adr/0027-facts.md)): the view \`observation\` does not have it, \`observation_all\` has; it may have no value. C is a new version of the same
record. U without the value is refused (\`unmapped-value\`): it would replace the value that came before. A document that is not there yet (I, O, X, N), and one
of status B or V, is refused as \`not-a-fact\`. Status of a document (TXA-17): ${Object.entries(COMPLETION)
    .map(([status, meaning]) => `${status} ${meaning}`)
    .join(', ')}.

Code systems: ${Object.entries(CODE_SYSTEMS)
    .map(([name, system]) => `${name} ${system}`)
    .join(
      ', ',
    )}; \`L\`, \`99...\` and none, and the OID of a public system that no contract has, are \`other\`; another one is refused (\`unknown-code-system\`).

Character sets (MSH-18): ${CHARSET_NAMES.join(', ')}. Where it is empty, \`CHAINON_DEFAULT_CHARSET\`.

## Acknowledgements
| MSA-1 | enhanced mode | meaning |
| --- | --- | --- |
| AA | CA | every record is in Kafka; what is \`not-a-fact\` is named by an ERR of severity W |
| AE | CE | something is refused, and named; sending the same message again changes nothing |
| AR | CR | not processed: its kind, version or sender, or the state of the gateway (condition 207: send it again) |

MSH-15 and MSH-16 say which are sent. MSH-10 with MSH-3 and MSH-4 is the idempotency key: the same message again gets the first answer, another message under
it is refused (condition 205). Let the interface engine go on after AE, and repeat after AR.

## Not mapped
ZFA, ZFP, ZFV and other Z segments but ZBE and ZFM; NK1, GT1, IN1, AL1, ROL, PRT, SPM; RXC and RXO-6; TQ1-2 and the other parts of a timing; NTE but below an OBX or a prescription; OBX-8 (abnormal flags), OBX-17, OBX-18;
a text of OBX-7 that is no range; the OBX of MetaDMPMSS, which say how a document is shared. They are left out. Each field
with a value that no mapping reads is counted: \`chainon_gateway_unmapped_fields_total\`, by \`path\` (\`OBX-8\`); beyond 500 paths, and of segments that HL7 does not have, as \`other\`.

## Examples
${examples.map(exampleOf).join('')}`
}

function exampleOf({ message, records }: Example): string {
  return `\`\`\`
${message.replaceAll('\r', '\n')}
\`\`\`
\`\`\`json
${records.map(([feed, record]) => JSON.stringify({ feed, ...record })).join('\n')}
\`\`\`
`
}

function adtRow([event, { meaning, identity, stay, clinical }]: [string, AdtEvent]): readonly string[] {
  const records = [
    ...(identity ? ['patient, death'] : []),
    ...(stay === undefined ? [] : [stay === 'planned' ? 'encounter refused' : `encounter (${stay}), movement of ZBE`]),
    ...(clinical ? ['diagnosis, procedure, observation'] : []),
  ]
  return [`ADT^${event}`, meaning, records.join('; ')]
}

function mergeRow([event, { meaning, other, operation }]: [string, MergeEvent]): readonly string[] {
  const segments = other === 'MRG' ? 'PID and MRG' : 'two PID'
  return [
    `ADT^${event}`,
    meaning,
    `patient_merge, of each of the two patients (${segments}${operation === 'cancel' ? '; cancelled' : ''})`,
  ]
}

function fieldTable({ fields }: AnyMap): string {
  return table(
    ['field', 'from', 'note'],
    Object.entries(fields).map(([name, { from, note = '' }]) => [`\`${name}\``, from.join(', '), note]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `${[head, head.map(() => '---'), ...rows].map(line).join('\n')}\n`
}
