/** Whatever is sent: no exception but that of a body which is no HL7 v2, no endless time, and each message becomes a record or a refusal. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { parseLocation } from '../../../../../services/gateway/decode/hl7/location.ts'
import { ProblemError } from '../../../../../services/gateway/problem.ts'
import { contracts } from '../../harness.ts'
import {
  ADMINISTERED,
  adt,
  DISPENSED,
  given,
  itemsOf,
  mdm,
  merge,
  orders,
  oru,
  PID,
  PRESCRIPTION,
  PV1,
  txa,
  zbe,
} from './messages.ts'

const readers = new Map(contracts.map((contract) => [contract.feed, recordReader(contract, 'json')]))
const CDA = Buffer.from(
  '<ClinicalDocument><component><structuredBody><text>x</text></structuredBody></component></ClinicalDocument>',
).toString('base64')
const SEEDS = [
  adt(
    'A01',
    PV1,
    zbe('INSERT'),
    'PV2|||J18.9^x^I10',
    'ZFM|8|6',
    'DG1|1||E11.9^x^I10|||F',
    'PR1|1||HHFA016^x^CCAM||20250131110000',
  ),
  adt('A03', PV1),
  adt('A11', PV1, zbe('CANCEL')),
  adt('A31'),
  adt('A40', 'MRG|1', PID, 'MRG|2^^^CHU-X^PI~3^^^X^MR'),
  merge('A24'),
  merge('A37'),
  oru(
    'OBX|1|NM|718-7^x^LN||1.5|g/dL|1-2||||F',
    'NTE|1||note',
    'OBX|2|SN|1^x^L||=^2||||||C',
    'OBX|3|CE|2^x^LN||a^b^L||||||F',
    `OBX|4|ED|11502-2^x^LN||^TEXT^XML^Base64^${CDA}||||||F`,
  ),
  mdm('T10', txa('AU', 'A', 'B'), 'OBX|1|FT|||a\\.br\\b\\X41\\'),
  given(
    'RAS^O17',
    ADMINISTERED,
    'RXR|PO',
    'OBX|1|NM|29463-7^x^LN||71.5|kg|||||F|||20250201080000',
    'RXA|1|0|20250202||1^x^L|999||||||||||||||RE|D',
  ),
  given('RDS^O13', DISPENSED, 'RXR|^x'),
  orders('ORM^O01', ...PRESCRIPTION, 'OBX|1|NM|29463-7^x^LN||71.5|kg|||||F|||20250201080000', 'NTE|1||note'),
  orders(
    'OMP^O09',
    'ORC|DC|1|||||^^^20250101^2025~^^^2026||||||||2025',
    'RXO|1^x^L||2|TAB|||a',
    'RXR|^x',
    'RXR|PO',
    PID.replace('8000123', '8000999'),
    PV1,
    'ORC|PR|2',
    'OBR|1|2||3^x^L|||20250101',
    'OBX|1|ST|1^x^L||x||||||F',
    'ORC|SC|3|||CM||^^^2025',
    'RXO|314076^x^RXNORM',
  ),
  ['FHS|^~\\&', 'BHS|^~\\&', adt('A28'), oru('OBX|1|ST|1^x^L||x||||||F'), 'BTS|2', 'FTS|1'].join('\r'),
].map((text) => Buffer.from(text))
/** What breaks parsers: separators, ends, escapes, bytes that are no UTF-8, and the names of what every object has. */
const PIECES = [
  '|',
  '^',
  '~',
  '\\',
  '&',
  '\r',
  '\n',
  '""',
  '\\X',
  '\\.br\\',
  '\u000b',
  '\u001c\r',
  'MSH|^~\\&|',
  '\rMSH',
  'BTS|9',
  '__proto__',
  'constructor',
  '\u0000',
  '<![CDATA[',
  '99999999999999999999',
  '20250230',
  '-',
  'é',
].map((text) => Buffer.from(text))
const piece = fc.oneof(
  fc.constantFrom(...PIECES),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
)
const mutation = fc.record({ at: fc.nat(), remove: fc.nat({ max: 12 }), piece })
const mutated = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(mutation, { maxLength: 6 }), fc.option(fc.nat()))
  .map(([seed, changes, cut]) => {
    let bytes = seed
    for (const { at, remove, piece: inserted } of changes) {
      const from = at % (bytes.length + 1)
      bytes = Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(from + remove)])
    }
    return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1))
  })

test.each(SEEDS.map((seed) => [seed.toString('latin1', 0, 80), seed] as const))(
  'unchanged, %s gives records that the contracts accept',
  (_name, seed) => {
    for (const item of itemsOf(seed)) {
      if (item.kind === 'undecodable') expect.fail(item.fault)
      expect(readers.get(item.feed)?.(item.raw)).toMatchObject({ ok: true })
    }
  },
)

test('5,000 damaged bodies: records, or refusals with a place and a rule', () => {
  let refusals = 0
  const property = fc.property(mutated, (body) => {
    try {
      const items = itemsOf(body)
      if (items.length === 0 && !/^(?:[BF](?:HS|TS)[^\r\n]*[\r\n]*)+$/.test(body.toString('latin1')))
        throw new Error('neither a record nor a refusal')
      for (const item of items) {
        if (item.kind === 'decoded') {
          const read = readers.get(item.feed)?.(item.raw)
          if (read?.ok === false) for (const { pointer } of read.faults) checkPlace(item.pathOf?.(pointer.slice(1)))
        } else {
          refusals++
          checkPlace(item.path ?? '')
        }
      }
    } catch (error) {
      // The only answer that is not about a message: the body does not begin as one.
      if (
        !(error instanceof ProblemError) ||
        error.problemCode !== 'malformed-body' ||
        /^(?:MSH|[BF]HS)/.test(body.toString('latin1'))
      )
        throw error
    }
  })
  fc.assert(property, { numRuns: 5_000, seed: 11 })
  expect(refusals).toBeGreaterThan(1_000)
}, 60_000)

function checkPlace(location: string | undefined): void {
  if (location !== undefined && parseLocation(location) === undefined) throw new Error('a refusal without a place')
}
