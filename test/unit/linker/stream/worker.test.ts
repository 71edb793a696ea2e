/** The order of a batch's effects, failures between them, and what is read again; Redis and Kafka are objects in memory. */
import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { PERSON_LINK_SCHEMA, type PersonLink } from '#core/contract/person-link.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf } from '#core/linkage/feed-traits.ts'
import { packMessage } from '#core/linkage/message.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import { buildLinkRow } from '../../../../services/curate/steps/build-link-row.ts'
import { type Arrival, CERTAIN, type Change } from '../../../../services/linker/link/index-linker.ts'
import { arrivalOf, linkOf } from '../../../../services/linker/stream/arrivals.ts'
import type { OpenLinker } from '../../../../services/linker/stream/open-linker.ts'
import { linkerWorker } from '../../../../services/linker/worker.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'

const TOPIC = 'linkage.patient'
const encoder = recordEncoder(new Set(['given_name', 'sex']), Buffer.alloc(32, 1))
const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
const seal = linkageSeal(Buffer.alloc(32, 2), TOPIC)
const level1 = pseudonymiser(1, Buffer.alloc(32, 3))
const written = (n: number, more = {}) => ({
  producer: 'chu',
  patient: level1.pseudonym('patient', `${n % 2}`),
  record: level1.pseudonym('record', `${n}`),
  version: n,
  receivedAt: 1000 + n,
  encoded: encoder.encode({ given_name: 'ELODIE' }),
  ...more,
})
const sealed = (n: number, more = {}) => seal.seal(packMessage(written(n, more), form), String(n))
const messageOf = (offset: number, value: Buffer | null, headers = {}): KafkaMessage =>
  ({
    offset: String(offset),
    value,
    headers: { 'chainon-origin': String(offset), ...headers },
  }) as unknown as KafkaMessage

/** @param position of the partition in the index @param fails the effect that fails once */
function harness(position?: bigint, fails = '') {
  const log: string[] = []
  let inIndex = position
  let left = fails
  const effect = (what: string) => {
    if (left !== '' && what.startsWith(left)) {
      left = ''
      throw new Error(`${what} fails`)
    }
    log.push(what)
  }
  const outbox: Change[] = []
  const links = {
    counts: { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0 },
    link: async (batch: readonly Arrival[]) => {
      effect(`link ${batch.map(({ version }) => version).join()}`)
      outbox.push(
        ...batch.map(({ id, label, stamp = 0 }, at) => ({
          ...{ id, label, stamp, person: id, weight: undefined, linkVersion: at + 1 },
        })),
      )
      return []
    },
    cancel: async ({ version }: { version: number }) => {
      effect(`cancel ${version}`)
      return 'cancelled'
    },
    tellChanges: async (_now: () => number, tell: (changes: readonly Change[]) => Promise<void>) => {
      await tell([...outbox])
      outbox.length = 0
      effect('told')
    },
  }
  const index = {
    position: async () => inIndex,
    passed: (_partition: string, next: bigint) => effect(`passed ${next}`),
    commit: async () => undefined,
  }
  const handle = linkerWorker({
    open: async () => {
      effect('open')
      return { index, links } as unknown as OpenLinker
    },
    form,
    model: 'm',
    producer: { send: async ({ topic, messages }) => effect(`send ${topic} ${messages.length}`) },
    encoder: encoderOf(PERSON_LINK_SCHEMA),
    linkedTopic: (feed) => `linked.${feed}`,
    events: {
      fault: (_feed: string, fault: string) => effect(`fault ${fault}`),
      records: () => undefined,
    } as unknown as WorkerEvents,
    alarms: { raise: ({ code }: { code: string }) => effect(`alarm ${code}`) } as never,
    count: () => undefined,
    expired: (_feed, records) => effect(`expired ${records}`),
  })
  const batchOf = (messages: readonly KafkaMessage[], owned = true) =>
    ({
      topic: TOPIC,
      partition: 0,
      epoch: 1,
      messages,
      assertOwned() {
        if (!owned) throw new Error('revoked')
      },
      commit: async (offset: bigint) => effect(`commit ${offset}`),
      advance: () => undefined,
      seek: (offset: bigint) => effect(`seek ${offset}`),
    }) as unknown as PartitionBatch
  return {
    log,
    loseIndex: () => {
      inIndex = undefined
    },
    handle: (messages: readonly KafkaMessage[], owned = true) =>
      handle({ feed: 'patient', seal }, batchOf(messages, owned)),
  }
}
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => messageOf(from + i, sealed(from + i)))

test('links, tells, says how far the index is, and commits last; a cancellation after the records', async () => {
  const { log, handle } = harness(0n)
  await handle([messageOf(0, sealed(0, { encoded: undefined })), ...records(1, 3)])
  expect(log).toEqual(['open', 'link 1,2', 'cancel 0', 'send linked.patient 2', 'told', 'passed 3', 'commit 3'])
})

test('a message that is damaged, moved, without an origin or of another form is refused, and the others are linked', async () => {
  const { log, handle } = harness(0n)
  const other = { ...form, form: Buffer.alloc(8) }
  await handle([
    messageOf(0, Buffer.from('nothing')),
    messageOf(1, sealed(2)),
    { ...messageOf(2, sealed(2)), headers: {} } as KafkaMessage,
    messageOf(3, seal.seal(packMessage(written(3), other), '3')),
    messageOf(4, null),
    messageOf(5, sealed(5)),
  ])
  expect(log.filter((one) => one.startsWith('fault'))).toEqual([
    'fault seal-broken',
    'fault seal-broken',
    'fault missing-header',
    'fault contract-mismatch',
    'fault seal-broken',
  ])
  expect(log).toContain('link 5')
  expect(log.at(-1)).toBe('commit 6')
})

test.each(['link', 'send', 'told', 'passed', 'commit'])(
  'when %s fails nothing after it happens, and the index is opened anew',
  async (what) => {
    const { log, handle } = harness(0n, what)
    await expect(handle(records(0, 1))).rejects.toThrow(`${what} `)
    const order = ['link', 'send', 'told', 'passed', 'commit']
    const after = order.slice(order.indexOf(what))
    expect(log.filter((one) => after.some((name) => one.startsWith(name)))).toEqual([])
    await handle(records(0, 1))
    expect(log.filter((one) => one === 'open')).toHaveLength(2)
    expect(log.at(-1)).toBe('commit 1')
  },
)

test('a worker that lost its partition tells nothing and commits nothing', async () => {
  const { log, handle } = harness(0n)
  await expect(handle(records(0, 1), false)).rejects.toThrow('revoked')
  expect(log).toEqual(['open', 'link 0'])
})

test('where the index has less than the group has committed, it is read again; what Kafka no longer has is an alarm', async () => {
  const { log, handle } = harness(3n)
  await handle(records(5, 6))
  expect(log).toEqual(['open', 'seek 3'])
  // Kafka begins at 4: one is lost.
  await handle(records(4, 6))
  expect(log.slice(2, 4)).toEqual(['expired 1', 'alarm linkage-expired'])
  expect(log.at(-1)).toBe('commit 6')
  const lost = harness(undefined)
  await lost.handle(records(2, 3))
  expect(lost.log).toEqual(['open', 'seek 0'])
})

test('an index that was lost while all goes on is filled again from where Kafka begins', async () => {
  const { log, handle, loseIndex } = harness(0n, 'link 2')
  await handle(records(0, 2))
  loseIndex()
  await expect(handle(records(2, 3))).rejects.toThrow('link 2')
  await handle(records(2, 3))
  expect(log.slice(-2)).toEqual(['open', 'seek 0'])
})

test('what comes again is linked again, which the index knows', async () => {
  const { log, handle } = harness(10n)
  await handle(records(0, 2))
  expect(log).toContain('link 0,1')
})

test('records of one patient share a token, of another none', () => {
  const [a, b, c] = [0, 2, 1].map((n) => arrivalOf('patient', written(n)).encoded?.tokens.slice(-2))
  expect(a).toEqual(b)
  expect(a).not.toEqual(c)
  expect(arrivalOf('patient', written(0, { encoded: undefined })).encoded).toBeUndefined()
})

test('a link says method and probability, and becomes a row of second-level pseudonyms', () => {
  const { record, patient } = written(0)
  const change = { id: `patient/${record}`, label: patient, stamp: 5, person: 'death/p1_x', weight: 3, linkVersion: 9 }
  const of = (more: Partial<Change>) => linkOf({ ...change, ...more }, 'm').link
  expect(linkOf(change, 'm')).toEqual({
    feed: 'patient',
    link: {
      patient,
      record,
      person: 'p1_x',
      method: 'scored',
      weight: 3,
      probability: 8 / 9,
      model: 'm',
      link_version: 9,
      linked_at: 5,
    },
  })
  expect(of({ weight: CERTAIN })).toMatchObject({ method: 'establishment-ipp', weight: null, probability: null })
  expect(of({ weight: undefined })).toMatchObject({ method: 'establishment-ipp', weight: null })
  expect(of({ person: undefined, weight: undefined })).toMatchObject({ method: 'cancelled', person: null })

  const level2 = pseudonymiser(2, Buffer.alloc(32, 4))
  const step = buildLinkRow(decoderOf(PERSON_LINK_SCHEMA), level2)
  const rowOf = (link: PersonLink) => step.run(encoderOf(PERSON_LINK_SCHEMA).encode({ ...link }) ?? null)
  expect(rowOf(of({ person: `patient/${record}` }))).toEqual({
    kind: 'pass',
    value: [
      level2.pseudonym('patient', patient),
      level2.pseudonym('record', record),
      `pn_${level2.pseudonym('record', record).slice(3)}`,
      ...['scored', 3, 8 / 9, 'm', 9, 5],
    ],
  })
  expect(rowOf(of({ person: undefined, weight: undefined }))).toMatchObject({ value: { 2: '' } })
  // No first-level pseudonym: the linker did not write it.
  expect(rowOf(of({ label: 'MARTIN' }))).toMatchObject({ kind: 'fail', fault: 'undecodable' })
  expect(step.run(Buffer.from('x'))).toMatchObject({ kind: 'fail', fault: 'undecodable' })
})
