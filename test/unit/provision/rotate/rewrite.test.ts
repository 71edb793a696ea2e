/** A log that is written anew: where each kind of message has its pseudonyms, how far a partition is, and every way in which the second part can be wrong. */
import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { tokenWrap } from '#core/crypto/token-wrap.ts'
import { firstPublication, nextPublication, type PublishedKey, publishedVersions } from '#core/custody/token-chain.ts'
import { formatRewritten, rewrittenOf } from '#core/kafka/headers.ts'
import { keyIdOf, publicKeyOf } from '#core/sealing/hpke.ts'
import { sealedUnder, tokenSealer } from '#core/sealing/tokens.ts'
import { changeUnder, comparison, type Part } from '../../../../services/provision/rotate/comparison.ts'
import {
  type Change,
  decisionsForm,
  type LogForm,
  linkedForm,
  pseudonymisedForm,
} from '../../../../services/provision/rotate/log-form.ts'
import { partOf } from '../../../../services/provision/rotate/rewrite.ts'
import { tokenChange } from '../../../../services/provision/rotate/token-change.ts'
import { jsonRegistry, recordOfJson } from '../../../helpers/json-rewriter.ts'

const patient = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') ?? expect.unreachable()
const wrap = pseudonymWrap(2, new Map([[2, Buffer.alloc(32, 2)]]))
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const [p, q, r] = ['p', 'q', 'r'].map((value) => level1.pseudonym('patient', value)) as [string, string, string]

const json = (value: object) => Buffer.from(JSON.stringify(value))
const seeds = [Buffer.alloc(32, 3), Buffer.alloc(32, 4)] as const
const published = publishedVersions('', [
  ...(await firstPublication(seeds[0])),
  await nextPublication('', 2, seeds[1], seeds[0]),
])
const held = new Map(seeds.map((seed, n) => [n + 1, seed]))
const wrapOfTokens = tokenWrap(2, new Map([[2, Buffer.alloc(32, 2)]]))
const [sealFormer, sealNotWrapped, sealNow] = [
  await tokenSealer(await publicKeyOf(seeds[0])),
  await tokenSealer(await publicKeyOf(seeds[1])),
  await tokenSealer(await publicKeyOf(seeds[1]), wrapOfTokens),
]
const tokens = await tokenChange(wrapOfTokens, published, held)
// The data keys of all sealers.
const sample = { feed: 'patient', recordId: 'p1_r' }
const samples = [sealFormer, sealNotWrapped, sealNow].map((seal) => seal([], sample))
await tokens.prepare(samples)
await tokens.prepare([tokens.again(samples[0] as Buffer, sample)])
const wrapAll: Change = {
  pseudonym: wrap.wrap,
  tokens: (sealed, place) => Buffer.from(`${String(sealed)} of ${place.feed} ${place.recordId}`),
}
const of = (form: LogForm, value: Buffer, key: string | null = null) => {
  const mapped = form.mapped({ key: key === null ? null : Buffer.from(key), value, headers: {} }, wrapAll)
  return { key: mapped.key && String(mapped.key), value: String(mapped.value) }
}
const records = pseudonymisedForm(jsonRegistry, '', patient, 'pseudonymised.patient')

describe('the pseudonyms of a message', () => {
  it('are those that the contract names, and nothing else, whatever a text looks like', () => {
    const record = { record_id: p, patient_id: q, sex: r, _producer: r, record_version: 1 }
    expect(of(records, json(record)).value).toBe(
      JSON.stringify({ ...record, record_id: wrap.wrap(p), patient_id: wrap.wrap(q) }),
    )
    expect(of(records, Buffer.from('no record')).value).toBe('no record')
    expect(of(records, json({ record_id: null, patient_id: 'p1_r' })).value).toBe(
      '{"record_id":null,"patient_id":"p1_r"}',
    )
  })
  it('have its tokens beside them, with the id of the record as it is stored', () => {
    const mapped = records.mapped(
      { key: null, value: json({ record_id: p, _sealed_tokens: Buffer.from('s') }), headers: {} },
      wrapAll,
    )
    expect(recordOfJson(mapped.value)).toEqual({
      record_id: wrap.wrap(p),
      _sealed_tokens: Buffer.from(`s of patient ${p}`),
    })
    const unlinked = pseudonymisedForm(jsonRegistry, '', { ...patient, linked: false }, 'pseudonymised.patient')
    expect(() =>
      unlinked.mapped({ key: null, value: json({ _sealed_tokens: Buffer.from('s') }), headers: {} }, wrapAll),
    ).toThrow(
      expect.objectContaining({ code: 'key-rotation-refused', message: expect.stringContaining('is not linked') }),
    )
  })
  it('of a field that no contract names end the rotation, and name it', () => {
    expect(() => of(records, json({ record_id: p, former_id: q }))).toThrow(
      expect.objectContaining({ code: 'key-rotation-refused', message: expect.stringContaining('former_id') }),
    )
    expect(() => of(records, json({ record_id: p, former: 'text' }))).not.toThrow()
  })
  it('of a link are four, and its key', () => {
    const link = { patient: p, record: q, person: r, previous: null, model: 'm' }
    const made = { ...link, patient: wrap.wrap(p), record: wrap.wrap(q), person: wrap.wrap(r) }
    expect(of(linkedForm(jsonRegistry, '', 'linked.patient'), json(link), q)).toEqual({
      key: wrap.wrap(q),
      value: JSON.stringify(made),
    })
  })
  it('of a decision are its two records', () => {
    const decision = { id: 'a'.repeat(16), decision: 'never', records: [`patient/${p}`, `patient/${q}`] }
    const whole = { ...decision, by: 'me', reason: 'seen-in-both', decided_at: 1 }
    const form = decisionsForm('link.decisions')
    expect(JSON.parse(of(form, json(whole)).value)).toEqual({
      ...whole,
      records: [`patient/${wrap.wrap(p)}`, `patient/${wrap.wrap(q)}`],
    })
    expect(of(form, json(decision)).value).toBe(JSON.stringify(decision))
    const repeats = form.repeats()
    const message = { key: null, value: json(whole), headers: {} }
    expect([repeats(message), repeats(message)]).toEqual([false, true])
  })
})

describe('how far a partition is', () => {
  const extent = { partition: 0, low: 0n, high: 9n }
  const said = (version: number, end: bigint, source: bigint, first = false) => ({
    headers: { 'chainon-rewritten': formatRewritten({ version, end, source, first }) },
    timestamp: '7',
  })
  const old = { headers: {}, timestamp: '7' }
  const begun = { partition: 0, low: 0n, end: 9n, after: -1n, whole: true, youngest: 7 }
  it.each([
    ['not begun', extent, old, old, 2, begun],
    ['killed on the way', extent, old, said(2, 6n, 2n), 2, { ...begun, end: 6n, after: 2n }],
    ['written by somebody else since', extent, said(2, 6n, 0n), old, 2, begun],
    ['done', { ...extent, low: 6n }, said(2, 6n, 0n, true), said(2, 6n, 2n), 2, undefined],
    ['done, and new messages since', { ...extent, low: 6n }, said(2, 6n, 0n, true), old, 2, undefined],
    [
      'done under the version before',
      { ...extent, low: 6n },
      said(2, 6n, 0n, true),
      said(2, 6n, 2n),
      3,
      { ...begun, low: 6n },
    ],
    ['without its first messages', { ...extent, low: 6n }, old, old, 2, { ...begun, low: 6n, whole: false }],
    [
      'killed before it was deleted, all of it copied',
      extent,
      old,
      said(2, 6n, 5n),
      2,
      { ...begun, end: 6n, after: 5n },
    ],
  ])('%s', (_, at, first, last, version, part) => {
    expect(partOf(at, first, last, version)).toEqual(part)
  })
  it('is not read from what is no such header', () => {
    for (const text of ['', '2', '2:1:1', '2:1:1:2', 'x:1:1:0', '2:-1:1:0'])
      expect(rewrittenOf({ 'chainon-rewritten': text })).toBeUndefined()
  })
})

describe('the comparison of the two parts', () => {
  const part: Part = { partition: 0, low: 0n, end: 3n, after: -1n, whole: true, youngest: 0 }
  const incarnation = 'AAAAAAAAAAAAAAAAAAAAAA'
  const OWN = ['t1_nir_a', 't1_traits_b']
  const message = (offset: number, name: string, more: object = {}) =>
    ({
      key: null,
      value: json({
        record_id: name,
        patient_id: p,
        _sealed_tokens: sealFormer(OWN, { feed: 'patient', recordId: name }),
      }),
      headers: { 'chainon-origin': String(offset % 3), 'chainon-incarnation': incarnation },
      offset: String(offset),
      ...more,
    }) as unknown as KafkaMessage
  const before = [p, q, r].map((name, offset) => message(offset, name))
  const copyOf = (one: KafkaMessage, offset: number, source: number, version = 2) =>
    ({
      ...one,
      ...records.mapped(one, changeUnder(wrap, tokens)),
      offset: String(offset),
      headers: {
        ...one.headers,
        'chainon-rewritten': formatRewritten({ version, end: 3n, source: BigInt(source), first: source === 0 }),
      },
    }) as KafkaMessage
  const copies = before.map((one, n) => copyOf(one, 3 + n, n))
  const [one, two, three] = copies as [KafkaMessage, KafkaMessage, KafkaMessage]
  const result = (messages: readonly KafkaMessage[]) => {
    const side = comparison(records, wrap, tokens)
    for (const each of messages) side.add(part, each)
    return side.result()
  }
  /** The second message of the second part with other tokens. */
  const withTokens = (sealed: Buffer | null) => ({
    ...two,
    value: json({ ...recordOfJson(two.value), _sealed_tokens: sealed }),
  })
  const place = { feed: 'patient', recordId: q }
  const sealedOf = (one: KafkaMessage) => recordOfJson(one.value)?._sealed_tokens as Buffer
  it('finds all of them again, and their tokens under the keys in force', () => {
    expect(result([...before, ...copies])).toEqual({ messages: 3, tokens: 3, closed: 0 })
    expect(result([...before, one, withTokens(sealNow(OWN, place)), three])).toEqual({
      messages: 3,
      tokens: 3,
      closed: 0,
    })
    const under = copies.map((each) => sealedUnder(sealedOf(each)))
    expect(under).toEqual(
      [2, 2, 2].map((version) => ({ keyId: keyIdOf((published[1] as PublishedKey).publicKey), wrap: version })),
    )
  })
  it('leaves tokens that nothing opens as they are, and counts them', () => {
    const closed = Buffer.from(sealFormer(OWN, place)).fill(0, 100)
    for (const strange of [closed, Buffer.from('no tokens'), sealFormer(OWN, { feed: 'patient', recordId: p })]) {
      const changed = {
        ...before[1],
        value: json({ ...recordOfJson((before[1] as KafkaMessage).value), _sealed_tokens: strange }),
      } as KafkaMessage
      const copied = copyOf(changed, 4, 1)
      expect(sealedOf(copied)).toEqual(strange)
      const own = [before[0], changed, before[2]] as KafkaMessage[]
      expect(result([...own, one, copied, three])).toEqual({ messages: 3, tokens: 2, closed: 1 })
      expect(result([...own, one, withTokens(Buffer.from('others')), three])).toBeUndefined()
    }
  })
  it('counts what was there twice once', () => {
    const repeated = { ...part, end: 4n }
    const side = comparison(records, wrap, tokens)
    for (const each of [...before, message(3, p, { headers: before[0]?.headers })]) side.add(repeated, each)
    for (const [n, each] of copies.entries()) {
      const said = formatRewritten({ version: 2, end: 4n, source: BigInt(n), first: n === 0 })
      const headers = { ...each.headers, 'chainon-rewritten': said }
      side.add(repeated, message(4 + n, '', { value: each.value, headers }))
    }
    expect(side.result()).toMatchObject({ messages: 3 })
  })
  it.each([
    ['one is missing', [one, two]],
    ['one comes twice', [one, two, two, three]],
    ['two have changed places', [two, one, three]],
    ['one is not of this rotation', [one, { ...two, headers: before[1]?.headers }, three]],
    ['one is of another version', [one, copyOf(before[1] as KafkaMessage, 4, 1, 3), three]],
    ['one is as it was', [one, { ...two, value: before[1]?.value ?? null }, three]],
    ['one has another value', [one, { ...two, value: three.value }, three]],
    ['one has another header', [one, { ...two, headers: { ...two.headers, 'chainon-origin': '7' } }, three]],
    ['one has no value', [one, { ...two, value: null }, three]],
    ['one has a key', [one, { ...two, key: Buffer.from('') }, three]],
    ['the tokens of one are as they were', [one, withTokens(sealedOf(before[1] as KafkaMessage)), three]],
    ['the tokens of one are sealed, and not wrapped', [one, withTokens(sealNotWrapped(OWN, place)), three]],
    ['one has other tokens', [one, withTokens(sealNow(OWN.toReversed(), place)), three]],
    ['one lacks a token', [one, withTokens(sealNow(OWN.slice(1), place)), three]],
    ['one has the tokens of another', [one, withTokens(sealedOf(one)), three]],
    ['one has no tokens', [one, withTokens(null), three]],
    ['one has tokens that nothing opens', [one, withTokens(Buffer.from(sealedOf(two)).fill(0, 100)), three]],
    ['a stranger wrote behind them', [...copies, message(6, q)]],
  ])('says no when %s', (_, messages) => {
    expect(result([...before, ...(messages as readonly KafkaMessage[])])).toBeUndefined()
  })
})
