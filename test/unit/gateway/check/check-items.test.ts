/** A dry run says of a body what the gateway answers to it: the same counts, and the same errors with their places. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localTime } from '#core/contract/local-time.ts'
import { itemChecker } from '../../../../services/gateway/check/check-items.ts'
import { hl7Items } from '../../../../services/gateway/decode/hl7/items.ts'
import type { Item } from '../../../../services/gateway/decode/item.ts'
import { pmsiItems } from '../../../../services/gateway/decode/pmsi/items.ts'
import { rum, vidHosp } from '../../../helpers/pmsi-lines.ts'
import { adt, mdm, oru, PV1, txa, zbe } from '../decode/hl7/messages.ts'
import { contracts, harness } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())

const check = itemChecker(contracts, 'chu-test')
const nothing = () => undefined
const DECODERS: Readonly<Record<string, (body: Buffer, now: number) => Iterable<Item>>> = {
  hl7: (body, now) =>
    hl7Items(
      body,
      { charset: 'ASCII', localTime: localTime('Europe/Paris'), ippAuthorities: [] },
      now,
      100_000,
      nothing,
    ),
  pmsi: (body, receivedAt) => pmsiItems(body, { receivedAt, maxLineBytes: 100_000, onUnmapped: nothing }),
}
const TYPES: Readonly<Record<string, string>> = { hl7: 'application/hl7-v2', pmsi: 'text/plain' }

let requests = 0

test.each([
  ['hl7', adt('A01', PV1, zbe('INSERT'), 'DG1|1||E11.9^x^I10|||F'), 4, 0],
  ['hl7', adt('A28').replace('19790315|F', '31021979|F'), 0, 1],
  ['hl7', adt('A02', PV1, zbe('INSRT'), 'DG1|1||xyz^x^I10|||F', 'PR1|1||HHFA016^x^CCAM||29990131'), 1, 3],
  ['hl7', oru('OBX|1|NM|718-7^x^LN||1,5||||||F', 'OBX|2|NM|719-5^x^LN||1.5||||||Q', 'OBX|3|ST|1^x^L||ok||||||F'), 1, 2],
  ['hl7', mdm('T02', txa('Q'), 'OBX|1|TX|||x'), 0, 1],
  ['hl7', adt('A17'), 0, 1],
  ['pmsi', [vidHosp(), rum({}, { associated: ['E119'], acts: [{ code: 'DEQP003' }] })].join('\n'), 5, 0],
  ['pmsi', [vidHosp({ 20: '31021979' }), rum()].join('\n'), 0, 2],
  ['pmsi', [vidHosp(), rum({ 141: 'I5000000' })].join('\n'), 1, 2],
])('%s', async (format, text, accepted, rejected) => {
  const body = Buffer.from(text)
  const checked = check(DECODERS[format]?.(body, Date.now()) ?? [])
  expect([checked.accepted, checked.rejected]).toEqual([accepted, rejected])
  const headers = { 'idempotency-key': String(++requests) }
  const answer = (await gateway.post(format, TYPES[format] ?? '', body, headers)).json()
  expect(checked).toEqual({ accepted: answer.accepted, rejected: answer.rejected, errors: answer.errors })
})
