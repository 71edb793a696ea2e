/** The order of a batch's effects, failures between them, and what is read again; Redis and Kafka are objects in memory. */
import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { PERSON_LINK_SCHEMA, type PersonLink } from '#core/contract/person-link.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { NOT_WRAPPED } from '#core/crypto/pseudonym-wrap.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { encodingWraps } from '#core/linkage/encoding-wrap.ts'
import { formOf } from '#core/linkage/feed-traits.ts'
import { packMessage } from '#core/linkage/message.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import { buildLinkRow } from '../../../../services/curate/steps/build-link-row.ts'
import { CERTAIN } from '../../../../services/linker/link/component.ts'
import { DECIDED, decisions, type PairDecision } from '../../../../services/linker/link/decisions.ts'
import type { Arrival, Change } from '../../../../services/linker/link/index-linker.ts'
import { arrivalOf, linkOf } from '../../../../services/linker/stream/arrivals.ts'
import type { OpenLinker } from '../../../../services/linker/stream/open-linker.ts'
import { assertOpenable } from '../../../../services/linker/stream/transport-keys.ts'
import { linkerWorker } from '../../../../services/linker/worker.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'

const TOPIC = 'linkage.patient'
const encoder = recordEncoder(new Set(['given_name', 'sex']), Buffer.alloc(32, 1))
const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
const seal = linkageSeal(Buffer.alloc(32, 2), TOPIC)
/** Of an index whose keys were rotated once. */
const wraps = encodingWraps(encoder.layout, new Map([[2, Buffer.alloc(32, 4)]]))
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
function harness(position?: bigint, fails = '', failure?: Error) {
  const log: string[] = []
  let inIndex = position
  let left = fails
  const effect = (what: string) => {
    if (left !== '' && what.startsWith(left)) {
      left = ''
      throw failure ?? new Error(`${what} fails`)
    }
    log.push(what)
  }
  const outbox: Change[] = []
  const unreconciled: number[] = []
  let toReconcile = 0
  let toOpen = 0
  const links = {
    counts: { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0 },
    link: async (batch: readonly Arrival[]) => {
      effect(`link ${batch.map(({ version }) => version).join()}`)
      outbox.push(
        ...batch.map(({ id, label, stamp = 0 }, at) => ({
          ...{ id, label, stamp, person: id, weight: undefined, linkVersion: at + 1 },
          ...{ previous: undefined, change: '' as const },
        })),
      )
      return []
    },
    cancel: async ({ version }: { version: number }) => {
      effect(`cancel ${version}`)
      return 'cancelled'
    },
    decide: async (given: readonly PairDecision[]) => {
      effect(`decide ${given.map(({ decision, order }) => `${decision} ${order}`).join()}`)
      outbox.push({
        ...{ id: 'patient/r', label: 'p', stamp: 0, person: 'patient/r', weight: undefined, linkVersion: 1 },
        ...{ previous: 'patient/q', change: 'split' },
      })
    },
    openSome: async (most: number) => {
      const count = Math.min(most, toOpen)
      toOpen -= count
      if (count > 0) effect(`open ${count} records`)
      return count
    },
    reconcileSome: async () => {
      effect('step')
      if (toReconcile === 0) return 0
      outbox.push({
        ...{ id: 'patient/r', label: 'p', stamp: 0, person: 'patient/r', weight: undefined, linkVersion: 1 },
        ...{ previous: 'patient/q', change: 'split' },
      })
      return toReconcile--
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
    flags: () => toReconcile,
  }
  const { handle, decide, reconcile } = linkerWorker({
    open: async () => {
      effect('open')
      return { index, links } as unknown as OpenLinker
    },
    assertOpenable: assertOpenable(new Set([1]), async () => {
      effect('versions')
      return { opening: [1, 2] }
    }),
    form,
    wraps,
    model: 'm',
    producer: { send: async ({ topic, messages }) => effect(`send ${topic} ${messages.length}`) },
    encoder: encoderOf(PERSON_LINK_SCHEMA),
    wrap: NOT_WRAPPED,
    linkedTopic: (feed) => `linked.${feed}`,
    events: {
      fault: (_feed: string, fault: string) => effect(`fault ${fault}`),
      records: () => undefined,
    } as unknown as WorkerEvents,
    alarms: { raise: ({ code }: { code: string }) => effect(`alarm ${code}`) } as never,
    count: () => undefined,
    expired: (_feed, records) => effect(`expired ${records}`),
    unreconciled: (left) => unreconciled.push(left),
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
    unreconciled,
    reconcile,
    decide: (messages: readonly KafkaMessage[]) => decide(batchOf(messages)),
    limit: (records: number) => {
      toReconcile = records
    },
    unopened: (records: number) => {
      toOpen = records
    },
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

test('a message of a key that came into force since waits for the next process, and stops nothing that a forged one could', async () => {
  const { log, handle } = harness(0n)
  const next = (version: number) => linkageSeal(Buffer.alloc(32, version), TOPIC, version)
  const plain = packMessage(written(0), form)
  await expect(handle([messageOf(0, next(2).seal(plain, '0'))])).rejects.toMatchObject({ code: 'key-rotation' })
  // Nothing was taken from the index, and nothing told.
  expect(log).toEqual(['versions'])
  await handle([messageOf(0, next(3).seal(plain, '0')), messageOf(1, sealed(1))])
  expect(log.slice(1)).toEqual(['versions', 'open', 'fault seal-broken', 'link 1', ...log.slice(5)])
  expect(log.at(-1)).toBe('commit 2')
})

test('an encoding of a former version is lifted to that of the index; a later one waits for the next process', async () => {
  const { log, handle } = harness(0n)
  const second = { encoding: 2, encoded: wraps.lift(written(0).encoded, 1) }
  await handle([messageOf(0, sealed(0)), messageOf(1, sealed(1, second))])
  expect(log).toContain('link 0,1')
  const [former, own] = [arrivalOf('patient', written(0), wraps), arrivalOf('patient', written(0, second), wraps)]
  expect(former).toEqual(own)
  expect(former.encoded?.tokens.slice(-2)).not.toEqual(arrivalOf('patient', written(0)).encoded?.tokens.slice(-2))
  const rotating = expect.objectContaining({ code: 'key-rotation' })
  await expect(handle([messageOf(2, sealed(2, { encoding: 3 }))])).rejects.toThrow(rotating)
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
  const change: Change = {
    ...{ id: `patient/${record}`, label: patient, stamp: 5, person: 'death/p1_x', weight: 3, linkVersion: 9 },
    ...{ previous: `patient/${written(2).record}`, change: 'merge' },
  }
  const of = (more: Partial<Change>) => linkOf({ ...change, ...more }, 'm', 'records').link
  expect(linkOf(change, 'm', 'records')).toEqual({
    feed: 'patient',
    link: {
      patient,
      record,
      person: 'p1_x',
      method: 'scored',
      weight: 3,
      probability: 8 / 9,
      model: 'm',
      previous: written(2).record,
      change: 'merge',
      reason: 'records',
      link_version: 9,
      linked_at: 5,
    },
  })
  expect(of({ weight: CERTAIN })).toMatchObject({ method: 'establishment-ipp', weight: null, probability: null })
  expect(of({ weight: undefined })).toMatchObject({ method: 'establishment-ipp', weight: null })
  expect(of({ person: undefined, weight: undefined })).toMatchObject({ method: 'cancelled', person: null })

  const level2 = pseudonymiser(2, Buffer.alloc(32, 4))
  const step = buildLinkRow(decoderOf(PERSON_LINK_SCHEMA), level2, NOT_WRAPPED)
  const rowOf = (link: PersonLink) => step.run(encoderOf(PERSON_LINK_SCHEMA).encode({ ...link }) ?? null)
  expect(rowOf(of({ person: `patient/${record}` }))).toEqual({
    kind: 'pass',
    value: [
      level2.pseudonym('patient', patient),
      level2.pseudonym('record', record),
      `pn_${level2.pseudonym('record', record).slice(3)}`,
      ...['scored', 3, 8 / 9, 'm'],
      ...[`pn_${level2.pseudonym('record', written(2).record).slice(3)}`, 'merge', 'records'],
      ...[9, 5],
    ],
  })
  expect(rowOf(of({ person: undefined, weight: undefined }))).toMatchObject({ value: { 2: '' } })
  // No first-level pseudonym: the linker did not write it.
  expect(rowOf(of({ label: 'MARTIN' }))).toMatchObject({ kind: 'fail', fault: 'undecodable' })
  expect(rowOf(of({ previous: 'patient/MARTIN' }))).toMatchObject({ kind: 'fail', fault: 'undecodable' })
  expect(rowOf(of({ person: `patient/${record}`, previous: undefined, change: '' }))).toMatchObject({
    kind: 'pass',
    value: { 7: '', 8: '' },
  })
  expect(step.run(Buffer.from('x'))).toMatchObject({ kind: 'fail', fault: 'undecodable' })
})

test('the reconciliation goes on in steps, tells what each has changed, and says what is left', async () => {
  const { log, reconcile, limit, unreconciled } = harness(0n)
  limit(2)
  expect([await reconcile(), await reconcile(), await reconcile()]).toEqual([true, true, false])
  expect(log).toEqual([
    'open',
    ...['step', 'send linked.patient 1', 'told'],
    ...['step', 'send linked.patient 1', 'told'],
    'step',
    'told',
  ])
  expect(unreconciled).toEqual([1, 0, 0])
})

test('a batch is not interrupted, and is followed by a step once in a while', async () => {
  const { log, handle, reconcile, limit } = harness(0n)
  limit(1)
  await reconcile()
  const batch = handle(records(0, 1))
  expect(await reconcile()).toBe(false)
  await batch
  expect(log.slice(4)).toEqual(['link 0', 'send linked.patient 1', 'told', 'passed 1', 'commit 1'])
})

test('while no batch waits the records of the index are opened before anything is reconciled; beside batches they are not', async () => {
  const { log, handle, reconcile, limit, unopened } = harness(0n)
  limit(1)
  unopened(40)
  const batch = handle(records(0, 1))
  expect(await reconcile()).toBe(true)
  await batch
  expect(log.slice(0, 4)).toEqual(['open', 'step', 'send linked.patient 1', 'told'])
  expect(log.at(-1)).toBe('commit 1')
  expect([await reconcile(), await reconcile(), await reconcile()]).toEqual([true, true, false])
  expect(log.slice(-4)).toEqual(['open 32 records', 'open 8 records', 'step', 'told'])
})

test('a step that fails is tried again; where another linker writes the index, a batch opens it again', async () => {
  const { log, reconcile, limit } = harness(0n, 'step')
  limit(1)
  await expect(reconcile()).rejects.toThrow('step')
  expect(await reconcile()).toBe(true)
  expect(log.filter((one) => one === 'open')).toHaveLength(2)

  const other = harness(0n, 'step', new ChainonError('link-index-taken', 'taken over'))
  await expect(other.reconcile()).rejects.toThrow('taken over')
  expect(await other.reconcile()).toBe(false)
  expect(other.log).toEqual(['open'])
  await other.handle(records(0, 1))
  expect(await other.reconcile()).toBe(false)
  expect(other.log.slice(-2)).toEqual(['step', 'told'])
})

const decided = (decision: string, more = {}) => ({
  ...{ id: '0123456789abcdef', decision, by: 'os-user', reason: 'seen-in-both-files', decided_at: 1 },
  records: [1, 2].map((n) => `patient/${written(n).record}`),
  ...more,
})
const decisionAt = (offset: number, value: unknown) => messageOf(offset, Buffer.from(JSON.stringify(value)))

test('what was decided is in force and told before its offset is committed; what is no decision is refused and counted', async () => {
  const { log, decide } = harness(0n)
  await decide([
    decisionAt(0, decided('accept')),
    decisionAt(1, decided('merge')),
    decisionAt(2, decided('never', { records: [decided('never').records[0], decided('never').records[0]] })),
    decisionAt(3, decided('never', { reason: 'Jean Martin' })),
    decisionAt(4, decided('never', { records: ['patient/MARTIN', 'patient/DURAND'] })),
    messageOf(5, Buffer.from('{')),
    decisionAt(6, decided('never', { comment: 'more' })),
    decisionAt(7, decided('withdraw')),
  ])
  expect(log.filter((one) => one.startsWith('fault'))).toEqual(Array.from({ length: 6 }, () => 'fault undecodable'))
  expect(log.filter((one) => !one.startsWith('fault'))).toEqual([
    ...['open', 'decide accept 0,withdraw 7'],
    ...['send linked.patient 1', 'told', 'passed 8', 'commit 8'],
  ])
})

test('of two decisions about one pair the later one counts, in whatever order they are read', () => {
  const known = decisions()
  const about = (decision: PairDecision['decision'], order: number, records: PairDecision['records'] = ['a', 'b']) =>
    known.set({ decision, order, records })
  expect([known.isEmpty, known.weightOf('a', 'b')]).toEqual([true, undefined])
  about('never', 5)
  about('accept', 4, ['b', 'a'])
  expect([known.weightOf('a', 'b'), known.isNever('b', 'a')]).toEqual([-DECIDED, true])
  about('accept', 6)
  expect([known.weightOf('b', 'a'), known.isNever('a', 'b')]).toEqual([DECIDED, false])
  about('withdraw', 7)
  expect([known.weightOf('a', 'b'), [...known.partnersOf('b')]]).toEqual([undefined, ['a']])
})

test('a link that was decided says so', () => {
  const { record, patient } = written(0)
  const change = { id: `patient/${record}`, label: patient, stamp: 5, person: `patient/${record}`, linkVersion: 9 }
  const { link } = linkOf({ ...change, weight: DECIDED, previous: undefined, change: '' }, 'm', 'decision')
  expect(link).toMatchObject({ method: 'decision', weight: null, probability: null, reason: 'decision' })
})
